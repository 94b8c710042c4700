/**
 * Signs that a model has gone wrong which its likelihood does not show: answers caught in a loop, empty ones, ones that
 * do not end. Pure functions of what was generated; generating it is measure.ts's matter.
 *
 * A small base has these habits itself, so a count says little alone: `isDegenerate` asks whether an adapter brought
 * them in.
 */
import type { AnswerCounts } from '../store/adapter-record.ts'

export interface Answer {
  /** Tokens, the one that ends a turn left out. */
  readonly tokens: readonly number[]
  readonly text: string
  /** A token that ends a turn came. */
  readonly ended: boolean
  /** Tokens that it was given. */
  readonly limit: number
  /** The gold answer's tokens, its end left out. */
  readonly gold: readonly number[]
}

/** n of the n-grams, and how much of an answer of how many tokens may be n-grams that were there before. */
const NGRAM = 4
const MAX_REPETITION = 0.5
const REPETITION_FROM = 20
/** A loop is this many tokens or more, and half of the answer: "no no no!" is none. */
const MIN_LOOP = 8

/** Share of the n-grams that occurred before; 0 where there are fewer than two. */
export function repetitionRate<T>(tokens: readonly T[], n = NGRAM): number {
  const count = tokens.length - n + 1
  if (count < 2) return 0
  const distinct = new Set<string>()
  for (let i = 0; i < count; i++) distinct.add(JSON.stringify(tokens.slice(i, i + n)))
  return (count - distinct.size) / count
}

/** Length of the longest stretch in which the same tokens follow each other three times or more; else 0. */
export function longestLoop<T>(tokens: readonly T[]): number {
  let longest = 0
  for (let period = 1; 3 * period <= tokens.length; period++) {
    let run = 0
    for (let i = period; i < tokens.length; i++) {
      run = tokens[i] === tokens[i - period] ? run + 1 : 0
      if (run >= 2 * period) longest = Math.max(longest, run + period)
    }
  }
  return longest
}

/** Whether the tokens are caught in a loop, exact or with small changes. */
export function isLooping<T>(tokens: readonly T[]): boolean {
  const loop = longestLoop(tokens)
  if (loop >= MIN_LOOP && 2 * loop >= tokens.length) return true
  return tokens.length >= REPETITION_FROM && repetitionRate(tokens) > MAX_REPETITION
}

/** Tokens beyond which an answer is far longer than its gold answer. */
export function longAnswer(goldTokens: number): number {
  return 2 * goldTokens + 8
}

export function countAnswers(answers: readonly Answer[]): AnswerCounts {
  const signs = answers.map(({ tokens, text, ended, limit, gold }) => ({
    looping: isLooping(tokens) && !isLooping(gold),
    empty: text.trim() === '' && gold.length > 0,
    // Where the limit was short, nobody knows whether it would have ended.
    endless: !ended && tokens.length >= limit && limit > longAnswer(gold.length),
    tooLong: tokens.length > longAnswer(gold.length),
  }))
  const count = (sign: keyof (typeof signs)[number]): number => signs.filter(found => found[sign]).length
  return {
    answers: answers.length,
    looping: count('looping'),
    empty: count('empty'),
    endless: count('endless'),
    tooLong: count('tooLong'),
    bad: signs.filter(found => Object.values(found).includes(true)).length,
  }
}

export const SIGNS = ['looping', 'empty', 'endless', 'tooLong'] as const satisfies (keyof AnswerCounts)[]

/** The signs that more than half of the answers show, and half of the answers more than the base's. */
export function degenerateSigns(own: AnswerCounts, base: AnswerCounts): (typeof SIGNS)[number][] {
  return SIGNS.filter(sign => {
    const [share, habit] = [own[sign] / own.answers, base.answers === 0 ? 0 : base[sign] / base.answers]
    return share > 0.5 && share - habit >= 0.5
  })
}
