/**
 * Cross-entropy at the labels, and nowhere else: hidden states are kept at the label places only (`layout.ts`), so the
 * product with the vocabulary is paid only for tokens whose likelihood is asked for. In this project that is the
 * user's answer, not the prompt.
 */
import { logSumExp } from '../graph/composite.ts'
import type { Value } from '../graph/graph.ts'
import {
  equal,
  gatherElements,
  mul,
  reduceMax,
  reduceSum,
  scalarLike,
  squeeze,
  sub,
  tanh,
  unsqueeze,
} from '../graph/ops.ts'
import { product, rowsOf } from './quantized-products.ts'

export interface LabelInputs {
  readonly labelRows: Value // int64 [labels], places among the tokens
  readonly targets: Value // int64 [labels], token ids
}

/** Logits of the tokens that follow, softly capped where the model does so. @param hidden [labels, hidden] @returns [labels, vocab] */
export function labelLogits(hidden: Value, head: Value, softcap?: number): Value {
  return capped(product(hidden, head), softcap)
}

/** cap * tanh(x / cap) */
function capped(x: Value, cap: number | undefined): Value {
  return cap === undefined ? x : mul(tanh(mul(x, scalarLike(x, 1 / cap))), scalarLike(x, cap))
}

/**
 * Negative log-likelihood of each target: log sum exp(logits) - logit of the target, per label.
 *
 * The target's logit is the product of its two rows, not an element of the logits: the gradient then needs no scatter
 * of [labels, vocab].
 * @param hidden [labels, hidden]; head [vocab, hidden]; targets int64 [labels]
 * @returns [labels]
 */
export function labelLosses(hidden: Value, head: Value, targets: Value, softcap?: number): Value {
  const logSum = logSumExp(labelLogits(hidden, head, softcap)) // [labels, 1]
  const targetLogits = reduceSum(mul(hidden, rowsOf(head, targets)), [1], true) // [labels, 1]
  return squeeze(sub(logSum, capped(targetLogits, softcap)), [1])
}

/** Whether each target is the likeliest token (ties count). @returns bool [labels] */
export function labelHits(hidden: Value, head: Value, targets: Value): Value {
  const logits = labelLogits(hidden, head)
  return squeeze(equal(gatherElements(logits, unsqueeze(targets, [1]), 1), reduceMax(logits, [1], true)), [1])
}
