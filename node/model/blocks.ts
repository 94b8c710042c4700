/**
 * Parts of a decoder layer that some architectures have in place of Llama's: GELU and LayerNorm. Their gradients are
 * written out, as in `graph/composite.ts` and for the same reasons.
 */
import { composite } from '../graph/composite.ts'
import type { Value } from '../graph/graph.ts'
import { add, div, mul, reduceMean, scalarLike, sqrt, sub, tanh } from '../graph/ops.ts'

/** sqrt(2 / pi), and the factor of the cube, of Hendrycks and Gimpel's approximation (arXiv 1606.08415). */
const [ROOT, CUBE] = [Math.sqrt(2 / Math.PI), 0.044715]

/** The Gaussian error linear unit by tanh: x (1 + tanh(sqrt(2/pi) (x + 0.044715 x³))) / 2. */
export function gelu(x: Value): Value {
  return composite(
    [x],
    () => mul(x, gate(bend(x))),
    g => [mul(g, geluSlope(x))],
  )
}

/** gelu(gate) * up (Shazeer, arXiv 2002.05202). */
export function geGlu(x: Value, up: Value): Value {
  return composite(
    [x, up],
    () => mul(mul(x, gate(bend(x))), up),
    (g, wants) => [
      wants(0) ? mul(mul(g, up), geluSlope(x)) : undefined,
      wants(1) ? mul(g, mul(x, gate(bend(x)))) : undefined,
    ],
  )
}

/** tanh(sqrt(2/pi) (x + 0.044715 x³)) */
function bend(x: Value): Value {
  const cubed = mul(mul(mul(x, x), x), scalarLike(x, CUBE))
  return tanh(mul(add(x, cubed), scalarLike(x, ROOT)))
}

/** (1 + t) / 2 */
function gate(t: Value): Value {
  return mul(add(t, scalarLike(t, 1)), scalarLike(t, 0.5))
}

/** With t = bend(x): (1 + t) / 2 + x (1 - t²) sqrt(2/pi) (1 + 3 * 0.044715 x²) / 2. */
function geluSlope(x: Value): Value {
  const t = bend(x)
  const inner = add(mul(mul(x, x), scalarLike(x, 3 * CUBE)), scalarLike(x, 1))
  const steep = mul(mul(sub(scalarLike(t, 1), mul(t, t)), inner), scalarLike(x, ROOT / 2))
  return add(gate(t), mul(x, steep))
}

/**
 * (x - mean(x)) / sqrt(var(x) + eps) * weight + bias over the last axis (Ba et al., arXiv 1607.06450).
 * With n the normed x, r its divisor and h = g * weight: dx = (h - mean(h) - n mean(h n)) / r, dweight = g n, dbias = g.
 */
export function layerNorm(x: Value, weight: Value, bias: Value, eps: number): Value {
  const mean = (value: Value): Value => reduceMean(value, [-1], true)
  const normed = (): [n: Value, r: Value] => {
    const centred = sub(x, mean(x))
    const r = sqrt(add(mean(mul(centred, centred)), scalarLike(x, eps))) // [..., 1]
    return [div(centred, r), r]
  }
  return composite(
    [x, weight, bias],
    () => add(mul(normed()[0], weight), bias),
    (g, wants) => {
      const [n, r] = normed()
      const h = mul(g, weight)
      return [
        wants(0) ? div(sub(sub(h, mean(h)), mul(n, mean(mul(h, n)))), r) : undefined,
        wants(1) ? mul(g, n) : undefined,
        wants(2) ? g : undefined,
      ]
    },
  )
}
