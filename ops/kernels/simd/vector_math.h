// Functions of vectors of floats. Everything lies in an unnamed namespace, as in vector.h.
// The polynomials are minimax fits (iteratively reweighted least squares) on the stated intervals.
#pragma once

#include "ops/kernels/simd/vector.h"

namespace convoy::simd {
namespace {

CONVOY_INLINE Ints bits(Floats v) { return (Ints)v; }
CONVOY_INLINE Floats from_bits(Ints v) { return (Floats)v; }
CONVOY_INLINE Ints to_ints(Floats v) { return __builtin_convertvector(v, Ints); }
CONVOY_INLINE Floats to_floats(Ints v) { return __builtin_convertvector(v, Floats); }
CONVOY_INLINE Floats select(Ints mask, Floats a, Floats b) { return mask ? a : b; }
CONVOY_INLINE Floats truth(Ints mask) { return select(mask, splat(1.0f), splat(0.0f)); }

CONVOY_INLINE Floats with_sign_of(Floats magnitude, Floats sign) {
  return from_bits((bits(magnitude) & 0x7fffffff) | (bits(sign) & INT32_MIN));
}
// NaN in `x` stays.
CONVOY_INLINE Floats at_least(Floats x, Floats low) { return max(low, x); }
CONVOY_INLINE Floats at_most(Floats x, Floats high) { return min(high, x); }

CONVOY_INLINE Floats sqrt(Floats x) {
  Floats y;
  for (int i = 0; i < kLanes; ++i) y[i] = __builtin_sqrtf(x[i]);
  return y;
}

// To the nearest integer, halves to even; for |x| < 2^22 only.
CONVOY_INLINE Floats nearest_small(Floats x) { return (x + kRounding) - kRounding; }

CONVOY_INLINE Floats round_even(Floats x) {
  const Floats magic = splat(8388608.0f);
  Floats rounded = with_sign_of((abs(x) + magic) - magic, x);
  return select(abs(x) < magic, rounded, x);
}
CONVOY_INLINE Floats floor(Floats x) {
  Floats rounded = round_even(x);
  return with_sign_of(select(rounded > x, rounded - 1.0f, rounded), x);
}
CONVOY_INLINE Floats ceil(Floats x) {
  Floats rounded = round_even(x);
  return with_sign_of(select(rounded < x, rounded + 1.0f, rounded), x);
}

// a · 2^n for -252 ≤ n ≤ 254, in two steps so that subnormal results and overflow come out right.
CONVOY_INLINE Floats scale(Floats a, Ints n) {
  Ints half = n >> 1;
  Ints rest = n - half;
  return a * from_bits((half + 127) << 23) * from_bits((rest + 127) << 23);
}

struct Reduced {
  Floats r;  // |r| ≤ ln 2 / 2
  Ints n;    // x = n ln 2 + r
};
// For -105 ≤ x ≤ 90; of other numbers n wraps around.
CONVOY_INLINE Reduced reduce_exp(Floats x) {
  const Floats shifted = x * 1.44269504f + kRounding;
  const Floats n = shifted - kRounding;
  return {(x - n * 0.693115234375f) - n * 3.194618330e-05f,
          (Ints)((Words)shifted - static_cast<uint32_t>(kRoundingBits))};
}
CONVOY_INLINE Floats within_exp(Floats x) {
  return at_most(at_least(x, splat(-105.0f)), splat(90.0f));
}
// e^r - 1 - r over r², |r| ≤ ln 2 / 2.
CONVOY_INLINE Floats exp_tail(Floats r) {
  return 4.999999404e-01f +
         r * (1.666650921e-01f +
              r * (4.166852683e-02f + r * (8.370134979e-03f + r * 1.381166279e-03f)));
}
CONVOY_INLINE Floats exp(Floats x) {
  Reduced reduced = reduce_exp(within_exp(x));
  Floats r = reduced.r;
  Floats p = 1.0f + (r + r * r * exp_tail(r));
  return scale(p, reduced.n);
}
// e^x for -87 ≤ x ≤ 88.
CONVOY_INLINE Floats exp_normal(Floats x) {
  Reduced reduced = reduce_exp(x);
  Floats r = reduced.r;
  Floats p = 1.0f + (r + r * r * exp_tail(r));
  return p * from_bits((Ints)(((Words)reduced.n << 23) + (127U << 23)));
}
// e^x for x ≤ 0, with 0 in place of subnormal results.
CONVOY_INLINE Floats exp_nonpositive(Floats x) {
  return select(x < -87.3f, Floats{}, exp_normal(x));
}
// e^x - 1, accurate near 0 too; for x ≤ 88.
CONVOY_INLINE Floats expm1(Floats x) {
  Reduced reduced = reduce_exp(within_exp(x));
  Floats r = reduced.r;
  Floats p = r + r * r * exp_tail(r);
  Floats power = scale(splat(1.0f), reduced.n);
  return p * power + (power - 1.0f);
}

// log(1 + f) for sqrt(1/2) ≤ 1 + f ≤ sqrt(2), plus e ln 2.
CONVOY_INLINE Floats log_tail(Floats f, Floats e) {
  Floats p = 3.333331347e-01f +
             f * (-2.500000894e-01f +
                  f * (2.000211924e-01f +
                       f * (-1.666799635e-01f +
                            f * (1.421955228e-01f +
                                 f * (-1.240558922e-01f +
                                      f * (1.188816205e-01f +
                                           f * (-1.167565212e-01f + f * 6.746640056e-02f)))))));
  Floats square = f * f;
  Floats tail = square * (f * p - 0.5f) + e * 3.194618330e-05f;
  return e * 0.693115234375f + (f + tail);
}
CONVOY_INLINE Floats log(Floats x) {
  Ints subnormal = x < 1.17549435e-38f;
  Floats scaled = select(subnormal, x * 16777216.0f, x);
  // Subtracting the bits of sqrt(1/2) puts the mantissa into [sqrt(1/2), sqrt(2)).
  // Of negative numbers it wraps around; their logarithm is NaN below.
  Ints shifted = (Ints)((Words)scaled - 0x3f3504f3u);
  Floats e = to_floats(shifted >> 23) - select(subnormal, splat(24.0f), splat(0.0f));
  Floats m = from_bits((shifted & 0x7fffff) + 0x3f3504f3);
  Floats y = log_tail(m - 1.0f, e);
  const Floats infinity = splat(__builtin_inff());
  y = select(x == infinity, infinity, y);
  y = select(x == 0.0f, -infinity, y);
  return select((x < 0.0f) | (x != x), splat(__builtin_nanf("")), y);
}
// log(1 + u) for 0 ≤ u ≤ 1.
CONVOY_INLINE Floats log1p_unit(Floats u) {
  Ints large = u > 0.41421356f;
  Floats half = 0.5f * u - 0.5f;  // (1 + u) / 2 - 1
  return log_tail(select(large, half, u), truth(large));
}

CONVOY_INLINE Floats tanh(Floats x) {
  Floats z = x * x;
  Floats p = -3.333325982e-01f +
             z * (1.333083063e-01f +
                  z * (-5.368802324e-02f + z * (2.046941966e-02f + z * -5.515163764e-03f)));
  Floats small = x + x * z * p;
  Floats large = 1.0f - 2.0f / (exp(2.0f * abs(x)) + 1.0f);
  return select(abs(x) < 0.625f, small, with_sign_of(large, x));
}
CONVOY_INLINE Floats sigmoid(Floats x) { return 1.0f / (1.0f + exp(-x)); }

// erf(x) / x - 1 with z = x², |x| ≤ 1.
CONVOY_INLINE Floats erf_small(Floats z) {
  return 1.283791661e-01f +
         z * (-3.761262298e-01f +
              z * (1.128354296e-01f +
                   z * (-2.685188130e-02f +
                        z * (5.184337497e-03f + z * (-7.972454187e-04f + z * 7.720798749e-05f)))));
}
// erfc(a) for a ≥ 1: e^(-a²) times a polynomial in q = (a - 5/2) / (a + 5/2) over 1 + 2a.
CONVOY_INLINE Floats erfc_large(Floats a) {
  a = at_most(a, splat(10.5f));
  Floats near = a + 2.5f;
  Floats line = 1.0f + 2.0f * a;
  Floats inverse = 1.0f / (near * line);
  Floats q = (a - 2.5f) * line * inverse;
  Floats p = 1.264838219e+00f +
             q * (-1.223573238e-01f +
                  q * (-9.902415425e-02f +
                       q * (1.576519758e-01f +
                            q * (-1.029805094e-01f +
                                 q * (3.253589943e-02f +
                                      q * (1.080741640e-03f + q * -3.616681788e-03f))))));
  return exp(-a * a) * p * (near * inverse);
}
CONVOY_INLINE Floats erf(Floats x) {
  Floats small = x + x * erf_small(x * x);
  Floats large = with_sign_of(1.0f - erfc_large(abs(x)), x);
  return select(abs(x) < 1.0f, small, large);
}
// x (1 + erf(x / √2)) / 2, without cancellation for x < 0.
CONVOY_INLINE Floats gelu(Floats x) {
  Floats t = x * 0.707106781f;
  Floats small = 1.0f + (t + t * erf_small(t * t));
  Floats tail = erfc_large(abs(t));
  Floats twice = select(abs(t) < 1.0f, small, select(t < 0.0f, tail, 2.0f - tail));
  Floats y = 0.5f * x * twice;
  return select(x == -__builtin_inff(), splat(0.0f), y);
}

// Two steps of sine and cosine: x = n π/2 + r. Good for |x| ≤ kMaxSine.
constexpr float kMaxSine = 8192.0f;
CONVOY_INLINE Floats sine_quadrant(Floats x, int first_quadrant) {
  Floats n = nearest_small(x * 0.636619772f);
  Floats r = ((x - n * 1.5703125f) - n * 4.837512969971e-04f) - n * 7.549533620477e-08f;
  r = r - n * 2.563344151595e-12f;
  Floats z = r * r;
  Floats s = r + r * z *
                     (-1.666666716e-01f +
                      z * (8.333329111e-03f + z * (-1.983923285e-04f + z * 2.717366669e-06f)));
  Floats c =
      1.0f - 0.5f * z + z * z * (4.166664556e-02f + z * (-1.388725126e-03f + z * 2.442568075e-05f));
  Ints quadrant = to_ints(n) + first_quadrant;
  Floats y = select((quadrant & 1) != 0, c, s);
  return select((quadrant & 2) != 0, -y, y);
}
CONVOY_INLINE bool any_large_angle(Floats x) {
  Ints small = abs(x) <= kMaxSine;
  int32_t all = -1;
  for (int i = 0; i < kLanes; ++i) all &= small[i];
  return all == 0;
}
CONVOY_INLINE Floats sin(Floats x) {
  Floats y = sine_quadrant(x, 0);
  if (any_large_angle(x)) {
    for (int i = 0; i < kLanes; ++i) {
      if (!(__builtin_fabsf(x[i]) <= kMaxSine)) y[i] = __builtin_sinf(x[i]);
    }
  }
  return select(x == 0.0f, x, y);
}
CONVOY_INLINE Floats cos(Floats x) {
  Floats y = sine_quadrant(x, 1);
  if (any_large_angle(x)) {
    for (int i = 0; i < kLanes; ++i) {
      if (!(__builtin_fabsf(x[i]) <= kMaxSine)) y[i] = __builtin_cosf(x[i]);
    }
  }
  return y;
}

}  // namespace
}  // namespace convoy::simd
