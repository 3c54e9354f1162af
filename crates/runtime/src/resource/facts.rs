//! The limits of the process and what it uses of them, as far as a question
//! needs them.
//!
//! Everything is read when it is asked for, from `getrlimit`, `/proc` and the
//! control groups' file system. What cannot be read is unknown, and explains
//! nothing.

use crate::resource::need::Need;
use rustix::process::{Resource, getrlimit};
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

/// Where control groups are mounted, by habit of all distributions.
const CGROUPS: &str = "/sys/fs/cgroup";
/// Version 1 writes "no limit" as a number of pages near 2^63.
const UNLIMITED_V1: u64 = 1 << 60;

/// Limits, and what is used of them; none where there is no limit or it is not
/// known. Sizes in bytes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Facts {
    pub(crate) address_limit: Option<u64>,
    pub(crate) address_used: u64,
    pub(crate) data_limit: Option<u64>,
    pub(crate) data_used: u64,
    /// Bytes of the process in memory.
    pub(crate) resident: u64,
    pub(crate) lock_limit: Option<u64>,
    pub(crate) process_limit: Option<u64>,
    /// `vm.overcommit_memory`.
    pub(crate) overcommit: Option<u64>,
    pub(crate) commit_limit: u64,
    pub(crate) committed: u64,
    /// Memory and swap of the machine.
    pub(crate) total: u64,
    pub(crate) map_limit: Option<u64>,
    pub(crate) maps: u64,
    pub(crate) cgroup_memory: Option<(u64, u64)>,
    pub(crate) cgroup_pids: Option<(u64, u64)>,
}

impl Facts {
    /// What may explain a refusal.
    pub(super) fn read(need: Need) -> Self {
        let (commit_limit, committed, total) = meminfo();
        let threads = need == Need::Thread;
        Self {
            lock_limit: limit(Resource::Memlock),
            process_limit: limit(Resource::Nproc),
            overcommit: number("/proc/sys/vm/overcommit_memory"),
            commit_limit,
            committed,
            total,
            map_limit: number("/proc/sys/vm/max_map_count"),
            maps: mappings(),
            cgroup_memory: cgroup_memory(),
            cgroup_pids: threads.then(cgroup_pids).flatten(),
            ..Self::of_process()
        }
    }

    /// What bounds the process itself.
    pub(crate) fn of_process() -> Self {
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        Self {
            address_limit: limit(Resource::As),
            address_used: kilobytes(&status, "VmSize:"),
            data_limit: limit(Resource::Data),
            data_used: kilobytes(&status, "VmData:"),
            resident: kilobytes(&status, "VmRSS:"),
            ..Self::default()
        }
    }
}

/// Whether the system counts memory as used once it can be written to
/// (`vm.overcommit_memory` is 2).
pub(crate) fn strict_commit() -> bool {
    number("/proc/sys/vm/overcommit_memory") == Some(2)
}

/// The least `memory.max` of the process's control group and those around it,
/// and what that group uses.
pub(crate) fn cgroup_memory() -> Option<(u64, u64)> {
    let v2 = cgroup("", "memory.max", "memory.current");
    v2.or_else(|| cgroup("memory", "memory.limit_in_bytes", "memory.usage_in_bytes"))
        .filter(|&(limit, _)| limit < UNLIMITED_V1)
}

fn cgroup_pids() -> Option<(u64, u64)> {
    cgroup("", "pids.max", "pids.current").or_else(|| cgroup("pids", "pids.max", "pids.current"))
}

/// A limit of the process's control group for a controller (empty: version 2),
/// or the least of those around it, with its use.
fn cgroup(controller: &str, limit: &str, used: &str) -> Option<(u64, u64)> {
    let groups = fs::read_to_string("/proc/self/cgroup").ok()?;
    least(Path::new(CGROUPS), &groups, controller, limit, used)
}

fn least(
    root: &Path,
    groups: &str,
    controller: &str,
    limit: &str,
    used: &str,
) -> Option<(u64, u64)> {
    let path = groups.lines().find_map(|line| {
        // As in 0::/user.slice, or 4:cpu,memory:/job/1.
        let mut parts = line.splitn(3, ':').skip(1);
        let (names, path) = (parts.next()?, parts.next()?);
        let ours = names.split(',').any(|name| name == controller);
        ours.then(|| path.trim_start_matches('/').to_owned())
    })?;
    let root = root.join(controller);
    let mut folder: PathBuf = root.join(&path);
    let mut found: Option<(u64, u64)> = None;
    // A container sees its own group as the root, whatever the path says.
    loop {
        if let Some(value) = number(folder.join(limit))
            && found.is_none_or(|(least, _)| value < least)
        {
            found = Some((value, number(folder.join(used)).unwrap_or(0)));
        }
        if folder == root || !folder.pop() {
            return found;
        }
    }
}

/// The largest file that the process may write, if there is a limit.
pub(super) fn file_size() -> Option<u64> {
    limit(Resource::Fsize)
}

/// A finite soft limit.
fn limit(resource: Resource) -> Option<u64> {
    // Miri has no kernel to ask.
    if cfg!(miri) {
        return None;
    }
    getrlimit(resource).current
}

/// The number a file holds, if it holds one ("max" is none).
fn number(path: impl AsRef<Path>) -> Option<u64> {
    fs::read_to_string(path).ok()?.trim().parse().ok()
}

/// `CommitLimit`, `Committed_AS`, and memory with swap.
fn meminfo() -> (u64, u64, u64) {
    let text = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let get = |word| kilobytes(&text, word);
    (
        get("CommitLimit:"),
        get("Committed_AS:"),
        get("MemTotal:") + get("SwapTotal:"),
    )
}

/// Bytes behind a word, in a text that has kilobytes there; 0 if it is not known.
fn kilobytes(text: &str, word: &str) -> u64 {
    let line = text.lines().find_map(|line| line.strip_prefix(word));
    let value = line.and_then(|rest| rest.split_whitespace().next()?.parse().ok());
    value.map_or(0, |kilobytes: u64| kilobytes << 10)
}

/// How many mappings the process has: the lines of a file that is read bit by
/// bit, since it is long where it matters.
fn mappings() -> u64 {
    let Ok(mut file) = File::open("/proc/self/maps") else {
        return 0;
    };
    let mut buffer = [0; 4096];
    let mut lines = 0;
    while let Ok(read @ 1..) = file.read(&mut buffer) {
        lines += buffer[..read].iter().filter(|&&byte| byte == b'\n').count() as u64;
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_process_is_looked_at() {
        let facts = Facts::read(Need::Thread);
        assert!(facts.address_used > 1 << 20 && facts.data_used > 4096);
        assert!(facts.maps > 10 && facts.total > 1 << 20);
        assert!(facts.overcommit.is_some_and(|mode| mode <= 2));
        assert!(facts.resident > 1 << 20);
    }

    #[test]
    fn the_least_limit_of_nested_groups_counts() {
        let root = std::env::temp_dir().join(format!("mangrove-groups-{}", std::process::id()));
        let inner = root.join("job/task");
        fs::create_dir_all(&inner).unwrap();
        fs::write(root.join("memory.max"), "max\n").unwrap();
        fs::write(root.join("job/memory.max"), "1000\n").unwrap();
        fs::write(root.join("job/memory.current"), "10\n").unwrap();
        fs::write(inner.join("memory.max"), "2000\n").unwrap();
        fs::write(inner.join("memory.current"), "5\n").unwrap();
        let get = |groups| least(&root, groups, "", "memory.max", "memory.current");
        assert_eq!(get("1:name=x:/no\n0::/job/task\n"), Some((1000, 10)));
        assert_eq!(get("0::/job\n"), Some((1000, 10)));
        assert_eq!(get("0::/elsewhere\n"), None);
        assert_eq!(get("3:memory:/job/task\n"), None, "not of version 2");
        let v1 = root.join("memory/job");
        fs::create_dir_all(&v1).unwrap();
        fs::write(v1.join("limit"), "77\n").unwrap();
        let found = least(&root, "3:cpu,memory:/job\n", "memory", "limit", "used");
        assert_eq!(found, Some((77, 0)));
        fs::remove_dir_all(&root).unwrap();
    }
}
