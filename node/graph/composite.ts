/**
 * Functions of several nodes whose gradient is written out, not derived node by node.
 *
 * Two things are gained: fewer passes over memory (the derived gradient of a softmax or a norm keeps and reads
 * every step on the way), and less memory, since a rule computes what it needs anew from the function's inputs, and
 * only these live until the backward pass. Each rule is checked against central differences like those of `vjp.ts`.
 * Forward, float32 takes kernels that do all in one pass; float64, for those checks, has only the plain ops.
 */
import type { Composite, Value } from './graph.ts'
import {
  add,
  concat,
  div,
  exp,
  log,
  mul,
  neg,
  quickGelu,
  reduceMax,
  reduceMean,
  reduceSum,
  reshape,
  rotaryEmbedding,
  scalarLike,
  sigmoid,
  simplifiedLayerNorm,
  softmax,
  split,
  sqrt,
  sub,
  unsqueeze,
} from './ops.ts'

/**
 * `forward()`, differentiated as one function of `inputs` by `backward`. What `backward` uses beyond the inputs (by
 * closure) stays in memory until then; its own nodes are made apart from the forward pass.
 */
export function composite(
  inputs: readonly Value[],
  forward: () => Value,
  backward: Composite['backward'],
): Value {
  const output = forward()
  output.graph.addComposite(output, { inputs, backward })
  return output
}

/**
 * x / sqrt(mean(x²) + eps) * weight over the last axis (Zhang and Sennrich, arXiv 1910.07467).
 * With r = 1 / sqrt(mean(x²) + eps) and h = g * weight: dx = r h - x r³ mean(x h), dweight = sum over rows of g x r.
 */
export function rmsNorm(x: Value, weight: Value, eps: number): Value {
  const root = (): Value => sqrt(add(reduceMean(mul(x, x), [-1], true), scalarLike(x, eps))) // [..., 1]
  return composite(
    [x, weight],
    () => (x.dtype === 'float32' ? simplifiedLayerNorm(x, weight, eps) : mul(div(x, root()), weight)),
    (g, wants) => {
      const r = root()
      const h = mul(g, weight)
      const slope = div(reduceMean(mul(x, h), [-1], true), mul(mul(r, r), r)) // [..., 1]
      return [wants(0) ? sub(div(h, r), mul(x, slope)) : undefined, wants(1) ? mul(g, div(x, r)) : undefined]
    },
  )
}

/**
 * silu(gate) * up, with silu(x) = x sigmoid(x) (Shazeer, arXiv 2002.05202).
 * With s = sigmoid(gate) and y = gate s: dup = g y, dgate = g up (y + s (1 - y)).
 */
export function swiGlu(gate: Value, up: Value): Value {
  return composite(
    [gate, up],
    () => mul(gate.dtype === 'float32' ? quickGelu(gate) : mul(gate, sigmoid(gate)), up),
    (g, wants) => {
      const s = sigmoid(gate)
      const y = mul(gate, s)
      return [
        wants(0) ? mul(mul(g, up), add(y, mul(s, sub(scalarLike(y, 1), y)))) : undefined,
        wants(1) ? mul(g, y) : undefined,
      ]
    },
  )
}

/**
 * Each head's two halves (a, b), turned by the token's angle: (a cos - b sin, b cos + a sin) (Su et al., arXiv
 * 2104.09864). The gradient is turned back, and needs nothing of the forward pass. No gradient for the angles.
 * @param x [tokens, heads, 2*half]; cos, sin [tokens, half]
 */
export function rotateHalves(x: Value, cos: Value, sin: Value): Value {
  return composite(
    [x],
    () => turned(x, cos, sin),
    g => [turned(g, cos, neg(sin))],
  )
}

function turned(x: Value, cos: Value, sin: Value): Value {
  const [, heads, size] = x.shape as [unknown, number, number]
  if (x.dtype === 'float32')
    return reshape(rotaryEmbedding(reshape(x, [1, -1, heads * size]), cos, sin), [-1, heads, size])
  const [c, s] = [unsqueeze(cos, [1]), unsqueeze(sin, [1])] // [tokens, 1, half]
  const [a, b] = split(x, -1, [size / 2, size / 2]) as [Value, Value]
  return concat([sub(mul(a, c), mul(b, s)), add(mul(b, c), mul(a, s))], -1)
}

/** ln of the sum of exp(x) over the last axis, kept as 1; the gradient is g softmax(x). */
export function logSumExp(x: Value): Value {
  return composite(
    [x],
    () => {
      const largest = reduceMax(x, [-1], true)
      return add(log(reduceSum(exp(sub(x, largest)), [-1], true)), largest)
    },
    g => [mul(softmax(x, -1), g)],
  )
}
