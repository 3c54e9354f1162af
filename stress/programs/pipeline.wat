;; `pipeline`: each line is a producer, some stages and a consumer, all of them
;; continuations. A packet is handed from one to the next as the payload of
;; suspend and resume; the consumer's receipt goes back to the producer. Each
;; keeps what it handled lately and reads it again in its next turn: stages
;; change some packets in place, and the producer must see that in the packet it kept.
  (type $packet
    (struct
      (field $number i64)
      (field $hops (mut i64))
      (field $payload (ref $longs))
      (field $from (ref null $packet))))
  (type $receipt (struct (field $number i64) (field $sum i64)))
  (type $receipts (array (mut (ref null $receipt))))

  (type $with_receipt (func (param (ref null $receipt)) (result i64)))
  (type $producer (cont $with_receipt))
  (type $with_packet (func (param (ref null $packet)) (result i64)))
  (type $taker (cont $with_packet))
  (type $line (func (param i64) (result i64)))
  (type $new_line (cont $line))
  (type $at_stage (func (param i64) (param i64) (result i64)))
  (type $new_stage (cont $at_stage))

  ;; A producer's packet, for the receipt of it.
  (tag $put (param (ref $packet)) (result (ref null $receipt)))
  ;; What a stage made of the last packet, for the next; null ends it.
  (tag $pass (param (ref null $packet)) (result (ref null $packet)))
  ;; A consumer's receipt, for the next packet.
  (tag $take (param (ref null $receipt)) (result (ref null $packet)))
  (elem declare func $produce $stage $consume)

  (table $producers 0 (ref null $producer))
  (table $consumers 0 (ref null $taker))
  ;; Stage s of line l is at l * stages + s.
  (table $stages 0 (ref null $taker))
  ;; The last receipt of each line.
  (global $receipts (mut (ref null $receipts)) (ref.null $receipts))
  ;; Packets on each line.
  (global $packets (mut i64) (i64.const 0))

  (func $number (param $line i64) (param $serial i64) (result i64)
    (i64.or (i64.shl (local.get $line) (i64.const 20)) (local.get $serial)))

  (func $new_packet (param $number i64) (param $hops i64) (param $from (ref null $packet))
    (result (ref $packet))
    (struct.new $packet
      (local.get $number)
      (local.get $hops)
      (call $new_longs (local.get $number))
      (local.get $from)))

  ;; A packet must bear $number and hold what follows from it; null is left alone.
  (func $check_packet (param $packet (ref null $packet)) (param $number i64)
    (if (ref.is_null (local.get $packet))
      (then (return)))
    (call $same
      (local.get $number)
      (struct.get $packet $number (local.get $packet))
      (local.get $number))
    (drop
      (call $check_longs
        (struct.get $packet $payload (local.get $packet))
        (local.get $number))))

  ;; Puts the packets of a line, keeping the last two. Returns the sum of its receipts.
  (func $produce (type $line) (param $line i64) (result i64)
    (local $serial i64)
    (local $sum i64)
    (local $packet (ref null $packet))
    (local $older (ref null $packet))
    (local $receipt (ref null $receipt))
    (loop $each
      (local.set $older (local.get $packet))
      (local.set $packet
        (call $new_packet
          (call $number (local.get $line) (local.get $serial))
          (i64.const 0)
          (ref.null $packet)))
      (local.set $receipt (suspend $put (ref.as_non_null (local.get $packet))))
      (call $check_packet
        (local.get $packet)
        (call $number (local.get $line) (local.get $serial)))
      (call $check_packet
        (local.get $older)
        (call $number (local.get $line) (i64.sub (local.get $serial) (i64.const 1))))
      ;; The first stage changed the packet itself, no other did.
      (call $same
        (call $number (local.get $line) (local.get $serial))
        (struct.get $packet $hops (local.get $packet))
        (i64.const 1))
      (call $same
        (call $number (local.get $line) (local.get $serial))
        (struct.get $receipt $number (local.get $receipt))
        (call $number (local.get $line) (local.get $serial)))
      (local.set $sum
        (call $fold (local.get $sum) (struct.get $receipt $sum (local.get $receipt))))
      (local.set $serial (i64.add (local.get $serial) (i64.const 1)))
      (br_if $each (i64.lt_u (local.get $serial) (global.get $packets))))
    (local.get $sum))

  ;; An even stage counts a hop in the packet and passes it on; an odd one wraps
  ;; it in another. Keeps what it passed on last. Returns how many there were.
  (func $stage (type $at_stage) (param $line i64) (param $stage i64) (result i64)
    (local $count i64)
    (local $packet (ref null $packet))
    (local $passed (ref null $packet))
    (local $passed_number i64)
    (block $done
      (loop $each
        (local.set $packet (suspend $pass (local.get $passed)))
        (call $check_packet (local.get $passed) (local.get $passed_number))
        (br_if $done (ref.is_null (local.get $packet)))
        (if (i64.eqz (i64.and (local.get $stage) (i64.const 1)))
          (then
            (struct.set $packet $hops (local.get $packet)
              (i64.add (struct.get $packet $hops (local.get $packet)) (i64.const 1)))
            (local.set $passed (local.get $packet)))
          (else
            (local.set $passed
              (call $new_packet
                (i64.or
                  (call $number (local.get $line) (local.get $count))
                  (i64.shl (local.get $stage) (i64.const 40)))
                (struct.get $packet $hops (local.get $packet))
                (local.get $packet)))))
        (local.set $passed_number (struct.get $packet $number (local.get $passed)))
        (local.set $count (i64.add (local.get $count) (i64.const 1)))
        (br $each)))
    (local.get $count))

  ;; Reads packets and all they wrap; makes the receipts. Keeps the last packet
  ;; and receipt. Returns the sum of all receipts.
  (func $consume (type $line) (param $line i64) (result i64)
    (local $serial i64)
    (local $total i64)
    (local $sum i64)
    (local $packet (ref null $packet))
    (local $layer (ref null $packet))
    (local $receipt (ref null $receipt))
    (block $done
      (loop $each
        (local.set $packet (suspend $take (local.get $receipt)))
        (br_if $done (ref.is_null (local.get $packet)))
        (if (i32.eqz (ref.is_null (local.get $receipt)))
          (then
            (call $same
              (call $number (local.get $line) (local.get $serial))
              (struct.get $receipt $sum (local.get $receipt))
              (local.get $sum))))
        (local.set $sum (i64.const 0))
        (local.set $layer (local.get $packet))
        (loop $layers
          (local.set $sum
            (call $fold
              (call $fold
                (local.get $sum)
                (call $check_longs
                  (struct.get $packet $payload (local.get $layer))
                  (struct.get $packet $number (local.get $layer))))
              (struct.get $packet $hops (local.get $layer))))
          (local.set $layer (struct.get $packet $from (local.get $layer)))
          (br_if $layers (i32.eqz (ref.is_null (local.get $layer)))))
        (local.set $receipt
          (struct.new $receipt
            (call $number (local.get $line) (local.get $serial))
            (local.get $sum)))
        (local.set $total (call $fold (local.get $total) (local.get $sum)))
        (local.set $serial (i64.add (local.get $serial) (i64.const 1)))
        (br $each)))
    (local.get $total))

  ;; Starts the stages and the consumer of a line, up to where they want a packet.
  (func $start (param $line i32) (param $stages i32)
    (local $it (ref null $taker))
    (local $s i32)
    (block $started
      (loop $each
        (br_if $started (i32.ge_u (local.get $s) (local.get $stages)))
        (block $passes (result (ref null $packet) (ref $taker))
          (resume $new_stage (on $pass $passes)
            (i64.extend_i32_u (local.get $line))
            (i64.extend_i32_u (local.get $s))
            (cont.new $new_stage (ref.func $stage)))
          (unreachable))
        (local.set $it)
        (drop)
        (table.set $stages
          (i32.add (i32.mul (local.get $line) (local.get $stages)) (local.get $s))
          (local.get $it))
        (local.set $s (i32.add (local.get $s) (i32.const 1)))
        (br $each)))
    (block $takes (result (ref null $receipt) (ref $taker))
      (resume $new_line (on $take $takes)
        (i64.extend_i32_u (local.get $line))
        (cont.new $new_line (ref.func $consume)))
      (unreachable))
    (local.set $it)
    (drop)
    (table.set $consumers (local.get $line) (local.get $it)))

  ;; The next packet of a line's producer, which starts it or takes it the last receipt.
  (func $produced (param $line i32) (param $first i32) (result (ref $packet))
    (local $it (ref null $producer))
    (block $puts (result (ref $packet) (ref $producer))
      (if (local.get $first)
        (then
          (resume $new_line (on $put $puts)
            (i64.extend_i32_u (local.get $line))
            (cont.new $new_line (ref.func $produce)))
          (drop))
        (else
          (resume $producer (on $put $puts)
            (array.get $receipts (global.get $receipts) (local.get $line))
            (table.get $producers (local.get $line)))
          (drop)))
      (unreachable))
    (local.set $it)
    (table.set $producers (local.get $line) (local.get $it)))

  ;; What stage $at makes of a packet.
  (func $passed (param $at i32) (param $packet (ref null $packet)) (result (ref null $packet))
    (local $it (ref null $taker))
    (block $passes (result (ref null $packet) (ref $taker))
      (resume $taker (on $pass $passes)
        (local.get $packet) (table.get $stages (local.get $at)))
      (unreachable))
    (local.set $it)
    (table.set $stages (local.get $at) (local.get $it)))

  ;; The receipt of a line's consumer for a packet.
  (func $taken (param $line i32) (param $packet (ref null $packet)) (result (ref null $receipt))
    (local $it (ref null $taker))
    (block $takes (result (ref null $receipt) (ref $taker))
      (resume $taker (on $take $takes)
        (local.get $packet) (table.get $consumers (local.get $line)))
      (unreachable))
    (local.set $it)
    (table.set $consumers (local.get $line) (local.get $it)))

  ;; One packet through a line, receipt and all.
  (func $turn (param $line i32) (param $stages i32) (param $first i32)
    (local $packet (ref null $packet))
    (local $s i32)
    (local.set $packet (call $produced (local.get $line) (local.get $first)))
    (loop $each
      (local.set $packet
        (call $passed
          (i32.add (i32.mul (local.get $line) (local.get $stages)) (local.get $s))
          (local.get $packet)))
      (local.set $s (i32.add (local.get $s) (i32.const 1)))
      (br_if $each (i32.lt_u (local.get $s) (local.get $stages))))
    (array.set $receipts (global.get $receipts) (local.get $line)
      (call $taken (local.get $line) (local.get $packet))))

  ;; Ends all of a line. Folds what they return into a sum.
  (func $end (param $line i32) (param $stages i32) (param $sum i64) (result i64)
    (local $s i32)
    (local.set $sum
      (call $fold
        (local.get $sum)
        (resume $producer
          (array.get $receipts (global.get $receipts) (local.get $line))
          (table.get $producers (local.get $line)))))
    (loop $each
      (local.set $sum
        (call $fold
          (local.get $sum)
          (resume $taker
            (ref.null $packet)
            (table.get $stages
              (i32.add (i32.mul (local.get $line) (local.get $stages)) (local.get $s))))))
      (local.set $s (i32.add (local.get $s) (i32.const 1)))
      (br_if $each (i32.lt_u (local.get $s) (local.get $stages))))
    (call $fold
      (local.get $sum)
      (resume $taker (ref.null $packet) (table.get $consumers (local.get $line)))))

  (func (export "run") (param $lines i32) (param $stages i32) (param $packets i32)
    (param $every i32) (result i64)
    (local $before i64)
    (local $line i32)
    (local $serial i32)
    (local $turns i32)
    (local $sum i64)
    (local.set $before (call $continuations))
    (global.set $packets (i64.extend_i32_u (local.get $packets)))
    (global.set $receipts (array.new_default $receipts (local.get $lines)))
    (drop (table.grow $producers (ref.null $producer) (local.get $lines)))
    (drop (table.grow $consumers (ref.null $taker) (local.get $lines)))
    (drop
      (table.grow $stages
        (ref.null $taker)
        (i32.mul (local.get $lines) (local.get $stages))))
    (loop $each
      (call $start (local.get $line) (local.get $stages))
      (local.set $line (i32.add (local.get $line) (i32.const 1)))
      (br_if $each (i32.lt_u (local.get $line) (local.get $lines))))
    (global.set $live
      (i64.extend_i32_u
        (i32.mul (local.get $lines) (i32.add (local.get $stages) (i32.const 1)))))
    (loop $serials
      (local.set $line (i32.const 0))
      (loop $each
        (call $turn
          (local.get $line) (local.get $stages) (i32.eqz (local.get $serial)))
        (if (i32.eqz (local.get $serial))
          (then (global.set $live (i64.add (global.get $live) (i64.const 1)))))
        (if (i64.ne (global.get $faults) (i64.const 0))
          (then (return (i64.const 0))))
        (local.set $turns (i32.add (local.get $turns) (i32.const 1)))
        (if (i32.eqz (i32.rem_u (local.get $turns) (local.get $every)))
          (then
            (call $litter (i32.const 64))
            (call $gc)
            (call $count (local.get $before))))
        (local.set $line (i32.add (local.get $line) (i32.const 1)))
        (br_if $each (i32.lt_u (local.get $line) (local.get $lines))))
      (local.set $serial (i32.add (local.get $serial) (i32.const 1)))
      (br_if $serials (i32.lt_u (local.get $serial) (local.get $packets))))
    (local.set $line (i32.const 0))
    (loop $each
      (local.set $sum (call $end (local.get $line) (local.get $stages) (local.get $sum)))
      (local.set $line (i32.add (local.get $line) (i32.const 1)))
      (br_if $each (i32.lt_u (local.get $line) (local.get $lines))))
    (global.set $live (i64.const 0))
    (call $count (local.get $before))
    (local.get $sum))
