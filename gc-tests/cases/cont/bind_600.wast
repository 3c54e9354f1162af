;; Six hundred bound objects are all kept and moved.
(module
  (import "mangrove" "gc" (func $gc))
  (type $s (struct (field i32)))
  (type $f (func (param
      anyref anyref anyref anyref anyref anyref anyref anyref anyref anyref anyref
      anyref anyref anyref anyref anyref anyref anyref anyref anyref anyref anyref
      anyref anyref anyref anyref anyref anyref anyref anyref anyref anyref anyref
      anyref anyref anyref anyref anyref anyref anyref anyref anyref anyref anyref
      anyref anyref anyref anyref anyref anyref anyref anyref anyref anyref anyref
      anyref anyref anyref anyref anyref anyref anyref anyref anyref anyref anyref
      anyref anyref anyref anyref anyref anyref anyref anyref anyref anyref anyref
      anyref anyref anyref anyref anyref anyref anyref anyref anyref anyref anyref
      anyref anyref anyref anyref anyref anyref anyref anyref anyref anyref anyref
      anyref anyref anyref anyref anyref anyref anyref anyref anyref anyref anyref
      anyref anyref anyref anyref anyref anyref anyref anyref anyref anyref anyref
      anyref anyref anyref anyref anyref anyref anyref anyref anyref anyref anyref
      anyref anyref anyref anyref anyref anyref anyref anyref anyref anyref anyref
      anyref anyref anyref anyref anyref anyref anyref anyref anyref anyref anyref
      anyref anyref anyref anyref anyref anyref anyref anyref anyref anyref anyref
      anyref anyref anyref anyref anyref anyref anyref anyref anyref anyref anyref
      anyref anyref anyref anyref anyref anyref anyref anyref anyref anyref anyref
      anyref anyref anyref anyref anyref anyref anyref anyref anyref anyref anyref
      anyref anyref anyref anyref anyref anyref anyref anyref anyref anyref anyref
      anyref anyref anyref anyref anyref anyref anyref anyref anyref anyref anyref
      anyref anyref anyref anyref anyref anyref anyref anyref anyref anyref anyref
      anyref anyref anyref anyref anyref anyref anyref anyref anyref anyref anyref
      anyref anyref anyref anyref anyref anyref anyref anyref anyref anyref anyref
      anyref anyref anyref anyref anyref anyref anyref anyref anyref anyref anyref
      anyref anyref anyref anyref anyref anyref anyref anyref anyref anyref anyref
      anyref anyref anyref anyref anyref anyref anyref anyref anyref anyref anyref
      anyref anyref anyref anyref anyref anyref anyref anyref anyref anyref anyref
      anyref anyref anyref anyref anyref anyref anyref anyref anyref anyref anyref
      anyref anyref anyref anyref anyref anyref anyref anyref anyref anyref anyref
      anyref anyref anyref anyref anyref anyref anyref anyref anyref anyref anyref
      anyref anyref anyref anyref anyref anyref anyref anyref anyref anyref anyref
      anyref anyref anyref anyref anyref anyref anyref anyref anyref anyref anyref
      anyref anyref anyref anyref anyref anyref anyref anyref anyref anyref anyref
      anyref anyref anyref anyref anyref anyref anyref anyref anyref anyref anyref
      anyref anyref anyref anyref anyref anyref anyref anyref anyref anyref anyref
      anyref anyref anyref anyref anyref anyref anyref anyref anyref anyref anyref
      anyref anyref anyref anyref anyref anyref anyref anyref anyref anyref anyref
      anyref anyref anyref anyref anyref anyref anyref anyref anyref anyref anyref
      anyref anyref anyref anyref anyref anyref anyref anyref anyref anyref anyref
      anyref anyref anyref anyref anyref anyref anyref anyref anyref anyref anyref
      anyref anyref anyref anyref anyref anyref anyref anyref anyref anyref anyref
      anyref anyref anyref anyref anyref anyref anyref anyref anyref anyref anyref
      anyref anyref anyref anyref anyref anyref anyref anyref anyref anyref anyref
      anyref anyref anyref anyref anyref anyref anyref anyref anyref anyref anyref
      anyref anyref anyref anyref anyref anyref anyref anyref anyref anyref anyref
      anyref anyref anyref anyref anyref anyref anyref anyref anyref anyref anyref
      anyref anyref anyref anyref anyref anyref anyref anyref anyref anyref anyref
      anyref anyref anyref anyref anyref anyref anyref anyref anyref anyref anyref
      anyref anyref anyref anyref anyref anyref anyref anyref anyref anyref anyref
      anyref anyref anyref anyref anyref anyref anyref anyref anyref anyref anyref
      anyref anyref anyref anyref anyref anyref anyref anyref anyref anyref anyref
      anyref anyref anyref anyref anyref anyref anyref anyref anyref anyref anyref
      anyref anyref anyref anyref anyref anyref anyref anyref anyref anyref anyref
      anyref anyref anyref anyref anyref anyref anyref anyref anyref anyref anyref
      anyref anyref anyref anyref anyref anyref)
    (result i32)))
  (type $k (cont $f))
  (type $f0 (func (result i32)))
  (type $k0 (cont $f0))
  (func $value (param anyref) (result i32) (struct.get $s 0 (ref.cast (ref $s)
    (local.get 0))))
  (func $new (param i32) (result anyref) (struct.new $s (local.get 0)))
  (func $body (type $f)
    (i32.add (call $value (local.get 0))
      (i32.add (call $value (local.get 300)) (call $value (local.get 599)))))
  (elem declare func $body)
  (func (export "run") (result i32)
    (local $k (ref null $k0))
    (local.set $k (cont.bind $k $k0
      (call $new (i32.const 0)) (call $new (i32.const 1)) (call $new (i32.const 2))
      (call $new (i32.const 3)) (call $new (i32.const 4)) (call $new (i32.const 5))
      (call $new (i32.const 6)) (call $new (i32.const 7)) (call $new (i32.const 8))
      (call $new (i32.const 9)) (call $new (i32.const 10)) (call $new (i32.const 11))
      (call $new (i32.const 12)) (call $new (i32.const 13)) (call $new (i32.const 14))
      (call $new (i32.const 15)) (call $new (i32.const 16)) (call $new (i32.const 17))
      (call $new (i32.const 18)) (call $new (i32.const 19)) (call $new (i32.const 20))
      (call $new (i32.const 21)) (call $new (i32.const 22)) (call $new (i32.const 23))
      (call $new (i32.const 24)) (call $new (i32.const 25)) (call $new (i32.const 26))
      (call $new (i32.const 27)) (call $new (i32.const 28)) (call $new (i32.const 29))
      (call $new (i32.const 30)) (call $new (i32.const 31)) (call $new (i32.const 32))
      (call $new (i32.const 33)) (call $new (i32.const 34)) (call $new (i32.const 35))
      (call $new (i32.const 36)) (call $new (i32.const 37)) (call $new (i32.const 38))
      (call $new (i32.const 39)) (call $new (i32.const 40)) (call $new (i32.const 41))
      (call $new (i32.const 42)) (call $new (i32.const 43)) (call $new (i32.const 44))
      (call $new (i32.const 45)) (call $new (i32.const 46)) (call $new (i32.const 47))
      (call $new (i32.const 48)) (call $new (i32.const 49)) (call $new (i32.const 50))
      (call $new (i32.const 51)) (call $new (i32.const 52)) (call $new (i32.const 53))
      (call $new (i32.const 54)) (call $new (i32.const 55)) (call $new (i32.const 56))
      (call $new (i32.const 57)) (call $new (i32.const 58)) (call $new (i32.const 59))
      (call $new (i32.const 60)) (call $new (i32.const 61)) (call $new (i32.const 62))
      (call $new (i32.const 63)) (call $new (i32.const 64)) (call $new (i32.const 65))
      (call $new (i32.const 66)) (call $new (i32.const 67)) (call $new (i32.const 68))
      (call $new (i32.const 69)) (call $new (i32.const 70)) (call $new (i32.const 71))
      (call $new (i32.const 72)) (call $new (i32.const 73)) (call $new (i32.const 74))
      (call $new (i32.const 75)) (call $new (i32.const 76)) (call $new (i32.const 77))
      (call $new (i32.const 78)) (call $new (i32.const 79)) (call $new (i32.const 80))
      (call $new (i32.const 81)) (call $new (i32.const 82)) (call $new (i32.const 83))
      (call $new (i32.const 84)) (call $new (i32.const 85)) (call $new (i32.const 86))
      (call $new (i32.const 87)) (call $new (i32.const 88)) (call $new (i32.const 89))
      (call $new (i32.const 90)) (call $new (i32.const 91)) (call $new (i32.const 92))
      (call $new (i32.const 93)) (call $new (i32.const 94)) (call $new (i32.const 95))
      (call $new (i32.const 96)) (call $new (i32.const 97)) (call $new (i32.const 98))
      (call $new (i32.const 99)) (call $new (i32.const 100)) (call $new (i32.const 101))
      (call $new (i32.const 102)) (call $new (i32.const 103)) (call $new (i32.const 104))
      (call $new (i32.const 105)) (call $new (i32.const 106)) (call $new (i32.const 107))
      (call $new (i32.const 108)) (call $new (i32.const 109)) (call $new (i32.const 110))
      (call $new (i32.const 111)) (call $new (i32.const 112)) (call $new (i32.const 113))
      (call $new (i32.const 114)) (call $new (i32.const 115)) (call $new (i32.const 116))
      (call $new (i32.const 117)) (call $new (i32.const 118)) (call $new (i32.const 119))
      (call $new (i32.const 120)) (call $new (i32.const 121)) (call $new (i32.const 122))
      (call $new (i32.const 123)) (call $new (i32.const 124)) (call $new (i32.const 125))
      (call $new (i32.const 126)) (call $new (i32.const 127)) (call $new (i32.const 128))
      (call $new (i32.const 129)) (call $new (i32.const 130)) (call $new (i32.const 131))
      (call $new (i32.const 132)) (call $new (i32.const 133)) (call $new (i32.const 134))
      (call $new (i32.const 135)) (call $new (i32.const 136)) (call $new (i32.const 137))
      (call $new (i32.const 138)) (call $new (i32.const 139)) (call $new (i32.const 140))
      (call $new (i32.const 141)) (call $new (i32.const 142)) (call $new (i32.const 143))
      (call $new (i32.const 144)) (call $new (i32.const 145)) (call $new (i32.const 146))
      (call $new (i32.const 147)) (call $new (i32.const 148)) (call $new (i32.const 149))
      (call $new (i32.const 150)) (call $new (i32.const 151)) (call $new (i32.const 152))
      (call $new (i32.const 153)) (call $new (i32.const 154)) (call $new (i32.const 155))
      (call $new (i32.const 156)) (call $new (i32.const 157)) (call $new (i32.const 158))
      (call $new (i32.const 159)) (call $new (i32.const 160)) (call $new (i32.const 161))
      (call $new (i32.const 162)) (call $new (i32.const 163)) (call $new (i32.const 164))
      (call $new (i32.const 165)) (call $new (i32.const 166)) (call $new (i32.const 167))
      (call $new (i32.const 168)) (call $new (i32.const 169)) (call $new (i32.const 170))
      (call $new (i32.const 171)) (call $new (i32.const 172)) (call $new (i32.const 173))
      (call $new (i32.const 174)) (call $new (i32.const 175)) (call $new (i32.const 176))
      (call $new (i32.const 177)) (call $new (i32.const 178)) (call $new (i32.const 179))
      (call $new (i32.const 180)) (call $new (i32.const 181)) (call $new (i32.const 182))
      (call $new (i32.const 183)) (call $new (i32.const 184)) (call $new (i32.const 185))
      (call $new (i32.const 186)) (call $new (i32.const 187)) (call $new (i32.const 188))
      (call $new (i32.const 189)) (call $new (i32.const 190)) (call $new (i32.const 191))
      (call $new (i32.const 192)) (call $new (i32.const 193)) (call $new (i32.const 194))
      (call $new (i32.const 195)) (call $new (i32.const 196)) (call $new (i32.const 197))
      (call $new (i32.const 198)) (call $new (i32.const 199)) (call $new (i32.const 200))
      (call $new (i32.const 201)) (call $new (i32.const 202)) (call $new (i32.const 203))
      (call $new (i32.const 204)) (call $new (i32.const 205)) (call $new (i32.const 206))
      (call $new (i32.const 207)) (call $new (i32.const 208)) (call $new (i32.const 209))
      (call $new (i32.const 210)) (call $new (i32.const 211)) (call $new (i32.const 212))
      (call $new (i32.const 213)) (call $new (i32.const 214)) (call $new (i32.const 215))
      (call $new (i32.const 216)) (call $new (i32.const 217)) (call $new (i32.const 218))
      (call $new (i32.const 219)) (call $new (i32.const 220)) (call $new (i32.const 221))
      (call $new (i32.const 222)) (call $new (i32.const 223)) (call $new (i32.const 224))
      (call $new (i32.const 225)) (call $new (i32.const 226)) (call $new (i32.const 227))
      (call $new (i32.const 228)) (call $new (i32.const 229)) (call $new (i32.const 230))
      (call $new (i32.const 231)) (call $new (i32.const 232)) (call $new (i32.const 233))
      (call $new (i32.const 234)) (call $new (i32.const 235)) (call $new (i32.const 236))
      (call $new (i32.const 237)) (call $new (i32.const 238)) (call $new (i32.const 239))
      (call $new (i32.const 240)) (call $new (i32.const 241)) (call $new (i32.const 242))
      (call $new (i32.const 243)) (call $new (i32.const 244)) (call $new (i32.const 245))
      (call $new (i32.const 246)) (call $new (i32.const 247)) (call $new (i32.const 248))
      (call $new (i32.const 249)) (call $new (i32.const 250)) (call $new (i32.const 251))
      (call $new (i32.const 252)) (call $new (i32.const 253)) (call $new (i32.const 254))
      (call $new (i32.const 255)) (call $new (i32.const 256)) (call $new (i32.const 257))
      (call $new (i32.const 258)) (call $new (i32.const 259)) (call $new (i32.const 260))
      (call $new (i32.const 261)) (call $new (i32.const 262)) (call $new (i32.const 263))
      (call $new (i32.const 264)) (call $new (i32.const 265)) (call $new (i32.const 266))
      (call $new (i32.const 267)) (call $new (i32.const 268)) (call $new (i32.const 269))
      (call $new (i32.const 270)) (call $new (i32.const 271)) (call $new (i32.const 272))
      (call $new (i32.const 273)) (call $new (i32.const 274)) (call $new (i32.const 275))
      (call $new (i32.const 276)) (call $new (i32.const 277)) (call $new (i32.const 278))
      (call $new (i32.const 279)) (call $new (i32.const 280)) (call $new (i32.const 281))
      (call $new (i32.const 282)) (call $new (i32.const 283)) (call $new (i32.const 284))
      (call $new (i32.const 285)) (call $new (i32.const 286)) (call $new (i32.const 287))
      (call $new (i32.const 288)) (call $new (i32.const 289)) (call $new (i32.const 290))
      (call $new (i32.const 291)) (call $new (i32.const 292)) (call $new (i32.const 293))
      (call $new (i32.const 294)) (call $new (i32.const 295)) (call $new (i32.const 296))
      (call $new (i32.const 297)) (call $new (i32.const 298)) (call $new (i32.const 299))
      (call $new (i32.const 300)) (call $new (i32.const 301)) (call $new (i32.const 302))
      (call $new (i32.const 303)) (call $new (i32.const 304)) (call $new (i32.const 305))
      (call $new (i32.const 306)) (call $new (i32.const 307)) (call $new (i32.const 308))
      (call $new (i32.const 309)) (call $new (i32.const 310)) (call $new (i32.const 311))
      (call $new (i32.const 312)) (call $new (i32.const 313)) (call $new (i32.const 314))
      (call $new (i32.const 315)) (call $new (i32.const 316)) (call $new (i32.const 317))
      (call $new (i32.const 318)) (call $new (i32.const 319)) (call $new (i32.const 320))
      (call $new (i32.const 321)) (call $new (i32.const 322)) (call $new (i32.const 323))
      (call $new (i32.const 324)) (call $new (i32.const 325)) (call $new (i32.const 326))
      (call $new (i32.const 327)) (call $new (i32.const 328)) (call $new (i32.const 329))
      (call $new (i32.const 330)) (call $new (i32.const 331)) (call $new (i32.const 332))
      (call $new (i32.const 333)) (call $new (i32.const 334)) (call $new (i32.const 335))
      (call $new (i32.const 336)) (call $new (i32.const 337)) (call $new (i32.const 338))
      (call $new (i32.const 339)) (call $new (i32.const 340)) (call $new (i32.const 341))
      (call $new (i32.const 342)) (call $new (i32.const 343)) (call $new (i32.const 344))
      (call $new (i32.const 345)) (call $new (i32.const 346)) (call $new (i32.const 347))
      (call $new (i32.const 348)) (call $new (i32.const 349)) (call $new (i32.const 350))
      (call $new (i32.const 351)) (call $new (i32.const 352)) (call $new (i32.const 353))
      (call $new (i32.const 354)) (call $new (i32.const 355)) (call $new (i32.const 356))
      (call $new (i32.const 357)) (call $new (i32.const 358)) (call $new (i32.const 359))
      (call $new (i32.const 360)) (call $new (i32.const 361)) (call $new (i32.const 362))
      (call $new (i32.const 363)) (call $new (i32.const 364)) (call $new (i32.const 365))
      (call $new (i32.const 366)) (call $new (i32.const 367)) (call $new (i32.const 368))
      (call $new (i32.const 369)) (call $new (i32.const 370)) (call $new (i32.const 371))
      (call $new (i32.const 372)) (call $new (i32.const 373)) (call $new (i32.const 374))
      (call $new (i32.const 375)) (call $new (i32.const 376)) (call $new (i32.const 377))
      (call $new (i32.const 378)) (call $new (i32.const 379)) (call $new (i32.const 380))
      (call $new (i32.const 381)) (call $new (i32.const 382)) (call $new (i32.const 383))
      (call $new (i32.const 384)) (call $new (i32.const 385)) (call $new (i32.const 386))
      (call $new (i32.const 387)) (call $new (i32.const 388)) (call $new (i32.const 389))
      (call $new (i32.const 390)) (call $new (i32.const 391)) (call $new (i32.const 392))
      (call $new (i32.const 393)) (call $new (i32.const 394)) (call $new (i32.const 395))
      (call $new (i32.const 396)) (call $new (i32.const 397)) (call $new (i32.const 398))
      (call $new (i32.const 399)) (call $new (i32.const 400)) (call $new (i32.const 401))
      (call $new (i32.const 402)) (call $new (i32.const 403)) (call $new (i32.const 404))
      (call $new (i32.const 405)) (call $new (i32.const 406)) (call $new (i32.const 407))
      (call $new (i32.const 408)) (call $new (i32.const 409)) (call $new (i32.const 410))
      (call $new (i32.const 411)) (call $new (i32.const 412)) (call $new (i32.const 413))
      (call $new (i32.const 414)) (call $new (i32.const 415)) (call $new (i32.const 416))
      (call $new (i32.const 417)) (call $new (i32.const 418)) (call $new (i32.const 419))
      (call $new (i32.const 420)) (call $new (i32.const 421)) (call $new (i32.const 422))
      (call $new (i32.const 423)) (call $new (i32.const 424)) (call $new (i32.const 425))
      (call $new (i32.const 426)) (call $new (i32.const 427)) (call $new (i32.const 428))
      (call $new (i32.const 429)) (call $new (i32.const 430)) (call $new (i32.const 431))
      (call $new (i32.const 432)) (call $new (i32.const 433)) (call $new (i32.const 434))
      (call $new (i32.const 435)) (call $new (i32.const 436)) (call $new (i32.const 437))
      (call $new (i32.const 438)) (call $new (i32.const 439)) (call $new (i32.const 440))
      (call $new (i32.const 441)) (call $new (i32.const 442)) (call $new (i32.const 443))
      (call $new (i32.const 444)) (call $new (i32.const 445)) (call $new (i32.const 446))
      (call $new (i32.const 447)) (call $new (i32.const 448)) (call $new (i32.const 449))
      (call $new (i32.const 450)) (call $new (i32.const 451)) (call $new (i32.const 452))
      (call $new (i32.const 453)) (call $new (i32.const 454)) (call $new (i32.const 455))
      (call $new (i32.const 456)) (call $new (i32.const 457)) (call $new (i32.const 458))
      (call $new (i32.const 459)) (call $new (i32.const 460)) (call $new (i32.const 461))
      (call $new (i32.const 462)) (call $new (i32.const 463)) (call $new (i32.const 464))
      (call $new (i32.const 465)) (call $new (i32.const 466)) (call $new (i32.const 467))
      (call $new (i32.const 468)) (call $new (i32.const 469)) (call $new (i32.const 470))
      (call $new (i32.const 471)) (call $new (i32.const 472)) (call $new (i32.const 473))
      (call $new (i32.const 474)) (call $new (i32.const 475)) (call $new (i32.const 476))
      (call $new (i32.const 477)) (call $new (i32.const 478)) (call $new (i32.const 479))
      (call $new (i32.const 480)) (call $new (i32.const 481)) (call $new (i32.const 482))
      (call $new (i32.const 483)) (call $new (i32.const 484)) (call $new (i32.const 485))
      (call $new (i32.const 486)) (call $new (i32.const 487)) (call $new (i32.const 488))
      (call $new (i32.const 489)) (call $new (i32.const 490)) (call $new (i32.const 491))
      (call $new (i32.const 492)) (call $new (i32.const 493)) (call $new (i32.const 494))
      (call $new (i32.const 495)) (call $new (i32.const 496)) (call $new (i32.const 497))
      (call $new (i32.const 498)) (call $new (i32.const 499)) (call $new (i32.const 500))
      (call $new (i32.const 501)) (call $new (i32.const 502)) (call $new (i32.const 503))
      (call $new (i32.const 504)) (call $new (i32.const 505)) (call $new (i32.const 506))
      (call $new (i32.const 507)) (call $new (i32.const 508)) (call $new (i32.const 509))
      (call $new (i32.const 510)) (call $new (i32.const 511)) (call $new (i32.const 512))
      (call $new (i32.const 513)) (call $new (i32.const 514)) (call $new (i32.const 515))
      (call $new (i32.const 516)) (call $new (i32.const 517)) (call $new (i32.const 518))
      (call $new (i32.const 519)) (call $new (i32.const 520)) (call $new (i32.const 521))
      (call $new (i32.const 522)) (call $new (i32.const 523)) (call $new (i32.const 524))
      (call $new (i32.const 525)) (call $new (i32.const 526)) (call $new (i32.const 527))
      (call $new (i32.const 528)) (call $new (i32.const 529)) (call $new (i32.const 530))
      (call $new (i32.const 531)) (call $new (i32.const 532)) (call $new (i32.const 533))
      (call $new (i32.const 534)) (call $new (i32.const 535)) (call $new (i32.const 536))
      (call $new (i32.const 537)) (call $new (i32.const 538)) (call $new (i32.const 539))
      (call $new (i32.const 540)) (call $new (i32.const 541)) (call $new (i32.const 542))
      (call $new (i32.const 543)) (call $new (i32.const 544)) (call $new (i32.const 545))
      (call $new (i32.const 546)) (call $new (i32.const 547)) (call $new (i32.const 548))
      (call $new (i32.const 549)) (call $new (i32.const 550)) (call $new (i32.const 551))
      (call $new (i32.const 552)) (call $new (i32.const 553)) (call $new (i32.const 554))
      (call $new (i32.const 555)) (call $new (i32.const 556)) (call $new (i32.const 557))
      (call $new (i32.const 558)) (call $new (i32.const 559)) (call $new (i32.const 560))
      (call $new (i32.const 561)) (call $new (i32.const 562)) (call $new (i32.const 563))
      (call $new (i32.const 564)) (call $new (i32.const 565)) (call $new (i32.const 566))
      (call $new (i32.const 567)) (call $new (i32.const 568)) (call $new (i32.const 569))
      (call $new (i32.const 570)) (call $new (i32.const 571)) (call $new (i32.const 572))
      (call $new (i32.const 573)) (call $new (i32.const 574)) (call $new (i32.const 575))
      (call $new (i32.const 576)) (call $new (i32.const 577)) (call $new (i32.const 578))
      (call $new (i32.const 579)) (call $new (i32.const 580)) (call $new (i32.const 581))
      (call $new (i32.const 582)) (call $new (i32.const 583)) (call $new (i32.const 584))
      (call $new (i32.const 585)) (call $new (i32.const 586)) (call $new (i32.const 587))
      (call $new (i32.const 588)) (call $new (i32.const 589)) (call $new (i32.const 590))
      (call $new (i32.const 591)) (call $new (i32.const 592)) (call $new (i32.const 593))
      (call $new (i32.const 594)) (call $new (i32.const 595)) (call $new (i32.const 596))
      (call $new (i32.const 597)) (call $new (i32.const 598)) (call $new (i32.const 599))
      (cont.new $k (ref.func $body))))
    (call $gc)
    (resume $k0 (local.get $k))))
(assert_return (invoke "run") (i32.const 899))
