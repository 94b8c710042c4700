/**
 * What the goldens under test/fixtures/methods ask: logits and continuations with an adapter of every method, moved away
 * from its start so that each part of it shows, and 20 losses from its start; asked for `--write-golden` only, the tests
 * read what was written. And the way back: an adapter of every method that we trained and wrote, in peft's hands.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { OpenedBase } from '../../node/base/open.ts'
import { randomFrom } from '../../node/model/random.ts'
import { type AdapterMethodName, adapterMethods, loadAdapter } from '../../node/peft/index.ts'
import { type TrainedAdapter, train } from '../../node/train/trainer.ts'
import { below, type Check } from './checks.ts'
import { answerGoldens, ask, GOLDEN, METHODS, type TrainingGolden } from './goldens.ts'
import { openLogits, worstDifference } from './logits.ts'
import { batches, compact, examples, logitsQuestion, SETTINGS } from './questions.ts'
import { withGoldenBase } from './replay.ts'

const [tied, llama3, mistral] = ['llama-tied', 'llama-llama3', 'mistral'].map(name => `../golden/${name}`)
const [gemma3, gpt2, qwen3] = ['gemma3', 'gpt2', 'qwen3'].map(name => `../architectures/${name}`)

const LORA = { peft_type: 'LORA', lora_dropout: 0 }
const ALL_LINEAR = ['q_proj', 'k_proj', 'v_proj', 'o_proj', 'gate_proj', 'up_proj', 'down_proj']

/** The second Llama has biases, the Mistral a window, GPT-2 turned weights, Gemma scaled embeddings. */
const MOVED = [
  { name: 'rslora', model: tied, config: { ...LORA, r: 4, lora_alpha: 3, use_rslora: true } },
  {
    name: 'dora',
    model: llama3,
    config: { ...LORA, r: 3, lora_alpha: 6, use_dora: true, target_modules: ALL_LINEAR },
  },
  {
    name: 'dora-rs',
    model: tied,
    config: { ...LORA, r: 2, lora_alpha: 3, use_dora: true, use_rslora: true, target_modules: ['down_proj'] },
  },
  {
    name: 'dora-gpt2',
    model: gpt2,
    config: { ...LORA, r: 2, lora_alpha: 4, use_dora: true, fan_in_fan_out: true },
  },
  { name: 'ia3', model: llama3, config: { peft_type: 'IA3' } },
  {
    name: 'ia3-other',
    model: tied,
    config: {
      peft_type: 'IA3',
      target_modules: ['q_proj', 'o_proj', 'up_proj'],
      feedforward_modules: ['o_proj', 'up_proj'],
    },
  },
  { name: 'ia3-gpt2', model: gpt2, config: { peft_type: 'IA3', fan_in_fan_out: true } },
  { name: 'prompt', model: llama3, config: { peft_type: 'PROMPT_TUNING', num_virtual_tokens: 5 } },
  { name: 'prompt-gemma3', model: gemma3, config: { peft_type: 'PROMPT_TUNING', num_virtual_tokens: 3 } },
  { name: 'prefix', model: llama3, config: { peft_type: 'PREFIX_TUNING', num_virtual_tokens: 5 } },
  { name: 'prefix-mistral', model: mistral, config: { peft_type: 'PREFIX_TUNING', num_virtual_tokens: 5 } },
  { name: 'prefix-qwen3', model: qwen3, config: { peft_type: 'PREFIX_TUNING', num_virtual_tokens: 4 } },
  {
    name: 'prefix-projected',
    model: tied,
    config: {
      peft_type: 'PREFIX_TUNING',
      num_virtual_tokens: 3,
      prefix_projection: true,
      encoder_hidden_size: 8,
    },
  },
] as const

/** As PEFT begins, each with the learning rate that its training below takes. */
const INITIAL = [
  { name: 'rslora-initial', rate: 0.01, config: { ...LORA, r: 4, lora_alpha: 3, use_rslora: true } },
  {
    name: 'dora-initial',
    rate: 0.01,
    config: {
      ...LORA,
      r: 4,
      lora_alpha: 8,
      use_dora: true,
      target_modules: ['q_proj', 'v_proj', 'down_proj'],
    },
  },
  { name: 'ia3-initial', rate: 0.1, config: { peft_type: 'IA3' } },
  { name: 'prompt-initial', rate: 0.1, config: { peft_type: 'PROMPT_TUNING', num_virtual_tokens: 4 } },
  { name: 'prefix-initial', rate: 0.1, config: { peft_type: 'PREFIX_TUNING', num_virtual_tokens: 4 } },
] as const

/** Starts that are read from the base's own embeddings: nothing is asked of them but their numbers. */
const TEXTS = [
  { name: 'prompt-text', model: tied },
  { name: 'prompt-text-gemma3', model: gemma3 },
].map(({ name, model }) => ({
  name,
  model,
  moved: false,
  config: {
    peft_type: 'PROMPT_TUNING',
    num_virtual_tokens: 9,
    prompt_tuning_init: 'TEXT',
    prompt_tuning_init_text: 'the rain in on and',
    tokenizer_name_or_path: join(METHODS, model!),
  },
}))

/** Replaces everything under test/fixtures/methods. The other goldens must be there. */
export async function writeMethods(python: string, versions: string): Promise<void> {
  await rm(METHODS, { recursive: true, force: true })
  await mkdir(METHODS, { recursive: true })
  const adapters = [
    ...MOVED.map(adapter => ({ ...adapter, moved: true })),
    ...INITIAL.map(({ name, config }) => ({ name, config, model: tied, moved: false })),
    ...TEXTS,
  ]
  await ask(
    python,
    adapters.map(({ name, model, config, moved }, index) => ({
      kind: 'method',
      base: { folder: join(METHODS, model!) },
      baseName: `oppu/golden-${model!.slice(model!.lastIndexOf('/') + 1)}`,
      config,
      moved,
      seed: 71 + index,
      save: join(METHODS, 'adapters', name),
    })),
  )
  const training = INITIAL.map(
    ({ name, rate }, index): TrainingGolden => ({
      model: tied!,
      adapter: name,
      settings: {
        ...SETTINGS,
        undecayed: [...SETTINGS.undecayed, 'magnitude'],
        learningRate: rate,
        warmupSteps: 2,
      },
      examples: examples(randomFrom(101 + index)),
      batches: batches(20),
      losses: [],
      gradientNorms: [],
      learningRates: [],
    }),
  )
  const logits = MOVED.map(({ name, model }, index) => logitsQuestion(model!, 121 + index, name))
  const goldens = await answerGoldens(python, { versions, logits, training }, METHODS, 6)
  await writeFile(join(METHODS, 'goldens.json'), `${compact(goldens)}\n`)
}

const BACK_MODEL = 'llama-llama3'
const BACK_BAR = 1e-4
/** An adapter that moved no logit by this much would prove nothing. */
const LEAST_EFFECT = 0.05

/** Adapters of every method, trained and written by us: logits with them in peft and here. */
export async function checkMethods(python: string): Promise<Check[]> {
  const scratch = await mkdtemp(join(tmpdir(), 'oppu-reference-'))
  try {
    return await withGoldenBase(BACK_MODEL, base => compareBack(python, base, scratch))
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
}

async function compareBack(python: string, base: OpenedBase, scratch: string): Promise<Check[]> {
  const names = Object.keys(adapterMethods) as AdapterMethodName[]
  const { prompts } = logitsQuestion(BACK_MODEL, 141)
  const question = { kind: 'logits', base: { folder: join(GOLDEN, BACK_MODEL) }, prompts } as const
  const ours: number[][] = []
  for (const name of names) {
    const { files, manifest } = await trained(base, name)
    await mkdir(join(scratch, name))
    for (const [file, bytes] of files) await writeFile(join(scratch, name, file), bytes)
    const adapter = loadAdapter(files, base, { manifest })
    await using session = await openLogits(base)
    const logits: number[] = []
    for (const prompt of prompts) logits.push(...(await session.run(prompt, { adapter })))
    ours.push(logits)
  }
  const [plain, ...theirs] = await ask(python, [
    question,
    ...names.map(name => ({ ...question, adapter: join(scratch, name) })),
  ])
  return names.flatMap((name, index): Check[] => {
    const { logits } = theirs[index]!
    const effect = worstDifference(logits, plain!.logits)
    return [
      below(
        `${name}: logits with our adapter loaded by peft`,
        worstDifference(ours[index]!, logits),
        BACK_BAR,
      ),
      {
        name: `${name}: and that adapter moves a logit by`,
        figure: effect.toFixed(2),
        bar: `> ${LEAST_EFFECT}`,
        outcome: effect > LEAST_EFFECT ? 'passed' : 'failed',
      },
    ]
  })
}

async function trained(base: OpenedBase, method: AdapterMethodName): Promise<TrainedAdapter> {
  const run = train({
    base,
    method,
    examples: examples(randomFrom(151)),
    device: 'cpu',
    config: { steps: 10, learningRate: 0.05, batchSize: 4 },
  })
  for (;;) {
    const next = await run.next()
    if (next.done) return next.value
  }
}
