/** What a method puts in front of every sequence, for those who pack sequences and keep caches. */
import { type Example, fitExample } from '../model/batch.ts'

export interface Front {
  /** Tokens of the method's own before every prompt; their ids start at the vocabulary's size. */
  readonly virtualIds: readonly number[]
  /** Keys and values before the first token, whose position is this number. */
  readonly prefixTokens: number
}

export const NO_FRONT: Front = { virtualIds: [], prefixTokens: 0 }

/** The example behind its front, within `maxLength` tokens, front included, by the rule of `fitExample`; undefined when it cannot fit. */
export function fitBehind(
  { virtualIds, prefixTokens }: Front,
  example: Example,
  maxLength: number,
): Example | undefined {
  const room = maxLength - virtualIds.length - prefixTokens
  if (virtualIds.length === 0) return fitExample(example, room)
  const { prompt, completion } = example
  // With nothing but virtual tokens before it, even the first token of a completion has a label.
  const alone = prompt.length === 0 && completion.length > 0 && completion.length <= room
  const fit = alone ? example : fitExample(example, room)
  return fit && { ...fit, prompt: [...virtualIds, ...fit.prompt] }
}
