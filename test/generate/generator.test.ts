import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type GenerateOptions, TokenGenerator } from '../../node/generate/generator.ts'
import { Scorer } from '../../node/generate/scorer.ts'
import { randomFrom } from '../../node/model/random.ts'
import type { LoadedAdapter } from '../../node/peft/adapter.ts'
import { type AdapterMethodName, adapterMethods, loadAdapter } from '../../node/peft/index.ts'
import { isOppuError } from '../../protocol/errors.ts'
import { storiesBase, storiesMissing, type TestBase, tinyBase } from '../model/bases.ts'

let base: TestBase
let generator: TokenGenerator
let scorer: Scorer
before(async () => {
  base = await tinyBase()
  generator = await TokenGenerator.open({ base, device: 'cpu' })
  scorer = await Scorer.open({ base, device: 'cpu' })
})
after(async () => {
  await Promise.all([generator.close(), scorer.close()])
  await base.remove()
})

/** An adapter of this method, away from its start. */
async function adapterOf(method: AdapterMethodName, options: object, seed: number): Promise<LoadedAdapter> {
  const prepared = adapterMethods[method].prepare(options, base.config)
  const random = randomFrom(seed)
  const moved = [...(await prepared.initial(seed, base.weights))].map(
    ([name, values]) => [name, values.map(value => value + 0.4 * random.normal())] as const,
  )
  return loadAdapter(prepared.files(new Map(moved), base.id), base)
}

async function tokens(options: GenerateOptions): Promise<{ tokens: number[]; reason: string }> {
  const stream = generator.generate(options)
  const made: number[] = []
  for (;;) {
    const next = await stream.next()
    if (next.done === true) return { tokens: made, reason: next.value }
    made.push(next.value)
  }
}

const PROMPT = [1, 17, 33, 4]
const ADAPTERS = () =>
  Promise.all([
    undefined,
    adapterOf('lora', { rank: 2, alpha: 4 }, 1),
    adapterOf('lora', { rank: 5, alpha: 10, targets: 'v_proj' }, 2),
    adapterOf('lora', { rank: 3, targets: 'k_proj,down_proj', scaling: 'rank-stabilized' }, 3),
    adapterOf('dora', { rank: 2, targets: 'q_proj,down_proj' }, 4),
    adapterOf('dora', { rank: 3, targets: 'down_proj' }, 5),
    adapterOf('ia3', {}, 6),
    adapterOf('ia3', { targets: 'down_proj,up_proj', feedforward: 'up_proj' }, 7),
    adapterOf('prompt-tuning', { virtualTokens: 5 }, 8),
    adapterOf('prompt-tuning', { virtualTokens: 1, init: 'random' }, 9),
    adapterOf('prefix-tuning', { virtualTokens: 7, init: 'random' }, 10),
    adapterOf('prefix-tuning', { virtualTokens: 2, init: 'zero' }, 11),
  ])

test('with kept keys and values each greedy token is the likeliest after a whole pass, for every adapter and rank', async () => {
  const stories = []
  for (const adapter of await ADAPTERS()) {
    const options = adapter === undefined ? {} : { adapter }
    const { tokens: made, reason } = await tokens({ prompt: PROMPT, maxTokens: 30, ...options })
    assert.deepEqual([made.length, reason], [30, 'length'])
    const [score] = await scorer.score([{ id: '', prompt: PROMPT, completion: made }], adapter)
    assert.deepEqual([score!.tokens, score!.correct], [30, 30])
    stories.push(made.join())
  }
  assert.equal(new Set(stories).size, stories.length)
})

test('the base alone scores the same to the bit whatever adapters were used before', async () => {
  const example = { id: '', prompt: PROMPT, completion: [5, 6, 7] }
  const fresh = await Scorer.open({ base, device: 'cpu' })
  const [expected] = await fresh.score([example])
  await fresh.close()
  for (const adapter of await ADAPTERS()) {
    const [score] = await scorer.score([example], adapter)
    if (adapter !== undefined) assert.notEqual(score!.logLikelihood, expected!.logLikelihood)
    assert.deepEqual(await scorer.score([example]), [expected])
  }
  await assert.rejects(fresh.score([example]), error => isOppuError(error, 'CLOSED'))
})

test('whichever adapter opens the first session, each scores the same to the bit, and so does the base alone', async () => {
  const example = { id: '', prompt: PROMPT, completion: [5, 6, 7] }
  const adapters = await ADAPTERS()
  const expected = []
  for (const adapter of adapters) expected.push(await scorer.score([example], adapter))
  for (const first of adapters.slice(-6)) {
    await using other = await Scorer.open({ base, device: 'cpu', ...(first && { first }) })
    assert.deepEqual(await other.score([example]), expected[0])
    assert.deepEqual(await other.score([example], first), expected[adapters.indexOf(first)])
    assert.deepEqual(await other.score([example], adapters[1]), expected[1])
  }
})

test('what an adapter puts in front takes its room', async () => {
  for (const [method, count] of [
    ['prompt-tuning', 5],
    ['prefix-tuning', 7],
  ] as const) {
    const adapter = await adapterOf(method, { virtualTokens: count }, 12)
    const prompt = (length: number) => Array.from({ length }, (_, i) => i % 61)
    const full = await tokens({ prompt: prompt(126 - count), maxTokens: 30, adapter })
    assert.deepEqual([full.tokens.length, full.reason], [3, 'length'])
    await assert.rejects(tokens({ prompt: prompt(129 - count), adapter }), error =>
      isOppuError(error, 'INVALID_ARGUMENT'),
    )
    const example = (length: number) => ({ id: '', prompt: [], completion: prompt(length) })
    assert.equal((await scorer.score([example(128 - count)], adapter)).at(0)?.tokens, count === 5 ? 123 : 120)
    assert.deepEqual(await scorer.score([example(129 - count)], adapter), [undefined])
  }
})

test('a prompt longer than one piece is read as a whole', async () => {
  const long = await tinyBase({ max_position_embeddings: 1024 })
  await using reader = await TokenGenerator.open({ base: long, device: 'cpu' })
  await using judge = await Scorer.open({ base: long, device: 'cpu' })
  const random = randomFrom(8)
  const prompt = Array.from({ length: 600 }, () => random.below(61))
  const made: number[] = []
  for await (const token of reader.generate({ prompt, maxTokens: 8 })) made.push(token)
  const [score] = await judge.score([{ id: '', prompt, completion: made }])
  assert.equal(score!.correct, 8)
  await long.remove()
})

test('generation ends at a stop token, at the limit, and at the last position', async () => {
  const { tokens: free } = await tokens({ prompt: PROMPT, maxTokens: 30 })
  const at = free.findIndex((token, index) => index > 2 && free.indexOf(token) === index)
  assert.deepEqual(await tokens({ prompt: PROMPT, maxTokens: 30, stop: [free[at]!] }), {
    tokens: free.slice(0, at),
    reason: 'stop',
  })
  const full = await tokens({ prompt: Array.from({ length: 126 }, (_, i) => i % 61), maxTokens: 30 })
  assert.deepEqual([full.tokens.length, full.reason], [3, 'length'])
  await assert.rejects(tokens({ prompt: [] }), error => isOppuError(error, 'INVALID_ARGUMENT'))
  await assert.rejects(tokens({ prompt: new Array(129).fill(1) }), error =>
    isOppuError(error, 'INVALID_ARGUMENT'),
  )
})

test('a seed fixes what is sampled; an abort throws its reason', async () => {
  const draw = (seed: number) => tokens({ prompt: PROMPT, maxTokens: 20, temperature: 2, topK: 30, seed })
  assert.deepEqual(await draw(1), await draw(1))
  assert.notDeepEqual(await draw(1), await draw(2))
  const reason = new Error('enough')
  const controller = new AbortController()
  const stream = generator.generate({ prompt: PROMPT, signal: controller.signal })
  await stream.next()
  controller.abort(reason)
  await assert.rejects(stream.next(), error => error === reason)
})

test('the real base tells a story', { skip: storiesMissing }, async () => {
  const stories = await storiesBase()
  await using teller = await TokenGenerator.open({ base: stories, device: 'cpu' })
  const prompt = stories.tokenizer.encode('Once upon a time', { specialTokens: true })
  const made: number[] = []
  for await (const token of teller.generate({ prompt, maxTokens: 60, stop: stories.tokenizer.eosIds }))
    made.push(token)
  const text = stories.tokenizer.decode([...prompt, ...made], { skipSpecialTokens: true })
  assert.match(
    text,
    /Once upon a time, a little girl named Lily lived in a small house with her mom, dad, and her dog/,
  )
})
