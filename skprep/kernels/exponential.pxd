# cython: language_level=3
#
# Exponentials that compilers turn into vector instructions: no condition, no call.

cdef extern from *:
    """
    #include <string.h>
    #include <stdint.h>
    #if defined(__GNUC__)
    #define skprep_inlined static inline __attribute__((always_inline))
    #else
    #define skprep_inlined static inline
    #endif
    /* e to the x for -88 <= x <= 0, to about one unit in the last place: x = k log 2 + r, and a polynomial
       in r (coefficients of Cephes' expf). Below the smallest normal number it is 0. No condition, so that
       compilers turn a loop over it into vector instructions. */
    skprep_inlined float skprep_exp(float x) {
        const float shifter = 12582912.0f;  /* 1.5 * 2**23: adding it rounds to a whole number */
        float k = (x * 1.44269504f + shifter) - shifter;
        float r = (x - k * 0.693359375f) - k * -2.12194440e-4f;
        float p = 1.9875691500e-4f;
        float power;
        int32_t bits = (int32_t)((uint32_t)((int32_t)k + 127) << 23);  /* 0 where k is -127 */
        p = p * r + 1.3981999507e-3f;
        p = p * r + 8.3334519073e-3f;
        p = p * r + 4.1665795894e-2f;
        p = p * r + 1.6666665459e-1f;
        p = p * r + 5.0000001201e-1f;
        p = (p * r) * r + r + 1.0f;
        memcpy(&power, &bits, 4);
        return p * power;
    }

    /* x = k log 2 + r for -708 <= x <= 0: returns 2 to the k, and r, at most log(2) / 2. */
    skprep_inlined double skprep_split(double x, double *r) {
        const double shifter = 6755399441055744.0;  /* 1.5 * 2**52: adding it rounds to a whole number */
        double t = x * 1.4426950408889634 + shifter, k, power;
        int64_t bits;
        memcpy(&bits, &t, 8);
        k = t - shifter;
        *r = (x - k * 6.93147180369123816490e-01) - k * 1.90821492927058770002e-10;
        bits = (int64_t)((uint64_t)(bits + 1023) << 52);
        memcpy(&power, &bits, 8);
        return power;
    }

    /* e to the x for x <= 0 in float64, to about one unit in the last place: the Taylor series of r up to
       r**13 / 13!, which is 4e-18 at most. Below -708 it is 0; NaN stays NaN. */
    skprep_inlined double skprep_exp64(double x) {
        double r, p, power = skprep_split(x < -708.0 ? -708.0 : x, &r);
        p = 1.0 / 6227020800.0;
        p = p * r + 1.0 / 479001600.0;
        p = p * r + 1.0 / 39916800.0;
        p = p * r + 1.0 / 3628800.0;
        p = p * r + 1.0 / 362880.0;
        p = p * r + 1.0 / 40320.0;
        p = p * r + 1.0 / 5040.0;
        p = p * r + 1.0 / 720.0;
        p = p * r + 1.0 / 120.0;
        p = p * r + 1.0 / 24.0;
        p = p * r + 1.0 / 6.0;
        p = p * r + 0.5;
        p = ((p * r) * r + r + 1.0) * power;
        return x < -708.0 ? 0.0 : p;
    }

    /* The normal distribution function, to 1e-9 of its value. With z = abs(x) / sqrt(2), 2 Phi(-abs(x)) is
       erfc(z) = exp(-z * z) * P(q) / (z + 3), q = (z - 3) / (z + 3): P is the Chebyshev interpolant of
       erfcx(z) * (z + 3) of degree 12 in q, fitted to scipy.special.erfcx at 400 nodes; its largest relative
       error for 0 <= z <= 30 is 5.1e-10. */
    skprep_inlined double skprep_phi(double x) {
        double size = (x < 0 ? -x : x) * 0.7071067811865476;
        double z = size > 26.0 ? 26.0 : size;  /* beyond, erfc is below 1e-295 */
        double over = 1.0 / (z + 3.0), q = (z - 3.0) * over;
        double r, e, power = skprep_split(-z * z, &r);
        double p = -1.12019556836272837e-05;
        p = p * q + 1.98839039006267202e-05;
        p = p * q + 1.01390891418561284e-04;
        p = p * q - 2.65603379011250822e-04;
        p = p * q - 5.45546549171852251e-04;
        p = p * q + 3.02803572535604443e-03;
        p = p * q - 1.21286341686352721e-03;
        p = p * q - 2.68256327240507277e-02;
        p = p * q + 1.19527739878964714e-01;
        p = p * q - 3.10467443540729193e-01;
        p = p * q + 5.90228365286827206e-01;
        p = p * q - 8.83394447399021510e-01;
        p = p * q + 1.07400690692414646e+00;
        e = 1.0 / 40320.0;  /* the Taylor series up to r**8 / 8!, to 2e-10 */
        e = e * r + 1.0 / 5040.0;
        e = e * r + 1.0 / 720.0;
        e = e * r + 1.0 / 120.0;
        e = e * r + 1.0 / 24.0;
        e = e * r + 1.0 / 6.0;
        e = e * r + 0.5;
        e = ((e * r) * r + r + 1.0) * power;
        p = 0.5 * p * over * e;
        p = size > 26.0 ? 0.0 : p;
        return x < 0 ? p : 1.0 - p;
    }
    """
    float skprep_exp(float x) noexcept nogil
    double skprep_exp64(double x) noexcept nogil
    double skprep_phi(double x) noexcept nogil
