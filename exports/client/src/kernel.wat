;; Scores of a catalogue: each movie's vector times one vector, sixteen movies at a time.
;;
;; Movies lie in blocks of sixteen, number after number: block 0 holds the first number of its sixteen movies, then their second, …
;; `npm run build:kernel` turns this file into kernel.js; a test holds the two together.
(module
  (memory (export "memory") 1)

  ;; codes f32[blocks][dim][16], vector f32[dim], out f32[blocks * 16]
  (func (export "scores_f32") (param $codes i32) (param $blocks i32) (param $vector i32) (param $dim i32) (param $out i32)
    (local $at i32) (local $end i32) (local $w v128)
    (local $a v128) (local $b v128) (local $c v128) (local $d v128)
    (local.set $end (i32.add (local.get $vector) (i32.shl (local.get $dim) (i32.const 2))))
    (loop $block
      (local.set $a (v128.const i32x4 0 0 0 0))
      (local.set $b (v128.const i32x4 0 0 0 0))
      (local.set $c (v128.const i32x4 0 0 0 0))
      (local.set $d (v128.const i32x4 0 0 0 0))
      (local.set $at (local.get $vector))
      (loop $number
        (local.set $w (v128.load32_splat (local.get $at)))
        (local.set $a (f32x4.add (local.get $a) (f32x4.mul (local.get $w) (v128.load (local.get $codes)))))
        (local.set $b (f32x4.add (local.get $b) (f32x4.mul (local.get $w) (v128.load offset=16 (local.get $codes)))))
        (local.set $c (f32x4.add (local.get $c) (f32x4.mul (local.get $w) (v128.load offset=32 (local.get $codes)))))
        (local.set $d (f32x4.add (local.get $d) (f32x4.mul (local.get $w) (v128.load offset=48 (local.get $codes)))))
        (local.set $codes (i32.add (local.get $codes) (i32.const 64)))
        (br_if $number (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 4))) (local.get $end))))
      (v128.store (local.get $out) (local.get $a))
      (v128.store offset=16 (local.get $out) (local.get $b))
      (v128.store offset=32 (local.get $out) (local.get $c))
      (v128.store offset=48 (local.get $out) (local.get $d))
      (local.set $out (i32.add (local.get $out) (i32.const 64)))
      (br_if $block (local.tee $blocks (i32.sub (local.get $blocks) (i32.const 1))))))

  ;; codes i8[blocks][dim][16], scale f32[blocks * 16], vector f32[dim], out f32[blocks * 16]
  (func (export "scores_i8")
    (param $codes i32) (param $blocks i32) (param $vector i32) (param $dim i32) (param $out i32) (param $scale i32)
    (local $at i32) (local $end i32) (local $w v128) (local $low v128) (local $high v128)
    (local $a v128) (local $b v128) (local $c v128) (local $d v128)
    (local.set $end (i32.add (local.get $vector) (i32.shl (local.get $dim) (i32.const 2))))
    (loop $block
      (local.set $a (v128.const i32x4 0 0 0 0))
      (local.set $b (v128.const i32x4 0 0 0 0))
      (local.set $c (v128.const i32x4 0 0 0 0))
      (local.set $d (v128.const i32x4 0 0 0 0))
      (local.set $at (local.get $vector))
      (loop $number
        (local.set $w (v128.load32_splat (local.get $at)))
        (local.set $low (v128.load8x8_s (local.get $codes)))
        (local.set $high (v128.load8x8_s offset=8 (local.get $codes)))
        (local.set $a (f32x4.add (local.get $a) (f32x4.mul (local.get $w)
          (f32x4.convert_i32x4_s (i32x4.extend_low_i16x8_s (local.get $low))))))
        (local.set $b (f32x4.add (local.get $b) (f32x4.mul (local.get $w)
          (f32x4.convert_i32x4_s (i32x4.extend_high_i16x8_s (local.get $low))))))
        (local.set $c (f32x4.add (local.get $c) (f32x4.mul (local.get $w)
          (f32x4.convert_i32x4_s (i32x4.extend_low_i16x8_s (local.get $high))))))
        (local.set $d (f32x4.add (local.get $d) (f32x4.mul (local.get $w)
          (f32x4.convert_i32x4_s (i32x4.extend_high_i16x8_s (local.get $high))))))
        (local.set $codes (i32.add (local.get $codes) (i32.const 16)))
        (br_if $number (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 4))) (local.get $end))))
      (v128.store (local.get $out) (f32x4.mul (local.get $a) (v128.load (local.get $scale))))
      (v128.store offset=16 (local.get $out) (f32x4.mul (local.get $b) (v128.load offset=16 (local.get $scale))))
      (v128.store offset=32 (local.get $out) (f32x4.mul (local.get $c) (v128.load offset=32 (local.get $scale))))
      (v128.store offset=48 (local.get $out) (f32x4.mul (local.get $d) (v128.load offset=48 (local.get $scale))))
      (local.set $out (i32.add (local.get $out) (i32.const 64)))
      (local.set $scale (i32.add (local.get $scale) (i32.const 64)))
      (br_if $block (local.tee $blocks (i32.sub (local.get $blocks) (i32.const 1)))))))
