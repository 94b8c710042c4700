/**
 * Cross-entropy at the labels, and nowhere else: hidden states are gathered before the head, so the product with the
 * vocabulary is paid only for tokens whose likelihood is asked for. In this project that is the user's answer, not the prompt.
 */
import type { Value } from '../graph/graph.ts'
import {
  add,
  cast,
  equal,
  exp,
  gather,
  gatherElements,
  log,
  matMul,
  mul,
  reduceMax,
  reduceSum,
  squeeze,
  sub,
  unsqueeze,
} from '../graph/ops.ts'

export interface LabelInputs {
  readonly labelRows: Value // int64 [labels], places in batch*seq
  readonly targets: Value // int64 [labels], token ids
}

/** Logits of the tokens after the label places. @returns [labels, vocab] */
export function labelLogits(hidden: Value, head: Value, labelRows: Value): Value {
  return matMul(gather(hidden, labelRows), head, { transB: true })
}

/**
 * Negative log-likelihood of each target: log sum exp(logits) - logit of the target, per label.
 *
 * The target's logit is the product of its two rows, not an element of the logits: the gradient then needs no scatter
 * of [labels, vocab]. The shift that keeps exp in range is rounded to an integer, through which no gradient
 * flows; it cancels out of the value.
 * @param hidden [tokens, hidden]; head [vocab, hidden]
 * @returns [labels]
 */
export function labelLosses(hidden: Value, head: Value, { labelRows, targets }: LabelInputs): Value {
  const logits = labelLogits(hidden, head, labelRows) // [labels, vocab]
  const shift = cast(cast(reduceMax(logits, [1], true), 'int64'), logits.dtype) // [labels, 1]
  const logSum = add(log(reduceSum(exp(sub(logits, shift)), [1], true)), shift) // [labels, 1]
  const targetLogits = reduceSum(mul(gather(hidden, labelRows), gather(head, targets)), [1], true) // [labels, 1]
  return squeeze(sub(logSum, targetLogits), [1])
}

/** Whether each target is the likeliest token (ties count). @returns bool [labels] */
export function labelHits(hidden: Value, head: Value, { labelRows, targets }: LabelInputs): Value {
  const logits = labelLogits(hidden, head, labelRows)
  return squeeze(equal(gatherElements(logits, unsqueeze(targets, [1]), 1), reduceMax(logits, [1], true)), [1])
}
