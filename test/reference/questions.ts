/**
 * What the goldens ask: the prompts, examples and settings, drawn from a seed, and the tiny models and adapters made
 * anew in Python. Runs only for `--write-golden`; the tests read what it wrote.
 */
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Example } from '../../node/model/batch.ts'
import { type Random, randomFrom } from '../../node/model/random.ts'
import { runPython } from './environment.ts'
import {
  answerGoldens,
  ask,
  GOLDEN,
  type Goldens,
  type LogitsGolden,
  type TrainingGolden,
  VOCAB,
} from './goldens.ts'

const TINY = fileURLToPath(new URL('./tiny.py', import.meta.url))
const QV = ['q_proj', 'v_proj']
const ALL_LINEAR = ['q_proj', 'k_proj', 'v_proj', 'o_proj', 'gate_proj', 'up_proj', 'down_proj']

/** Adapters as PEFT makes them: `initial` with B zero, the others as after some training. */
const ADAPTERS = [
  { name: 'initial', model: 'llama-tied', rank: 4, alpha: 8, targets: QV, seed: 11 },
  { name: 'qv', model: 'llama-tied', rank: 4, alpha: 8, targets: QV, seed: 12, scaleB: 0.3 },
  {
    name: 'all-linear',
    model: 'llama-llama3',
    rank: 3,
    alpha: 6,
    targets: ALL_LINEAR,
    seed: 13,
    scaleB: 0.2,
  },
] as const

/** `count` tokens, the four special ones left out. */
function tokens(random: Random, count: number): number[] {
  return Array.from({ length: count }, () => 4 + random.below(VOCAB - 4))
}

/** One token, a few, and more than the 32 positions from which llama3's scaling counts. */
export function logitsQuestion(model: string, seed: number, adapter?: string): LogitsGolden {
  const random = randomFrom(seed)
  const prompts = [1, 7, 60].map(length => tokens(random, length))
  const question = { model, prompts, rows: [[0], [6], [0, 13, 31, 59]], logits: [], greedy: [] }
  return adapter === undefined ? question : { ...question, adapter }
}

/** Twelve examples of one hidden rule with noise, so that there is something to learn. */
export function examples(random: Random): Example[] {
  return Array.from({ length: 12 }, (_, index) => {
    const prompt = tokens(random, 3 + random.below(10))
    const completion = [
      ...prompt.slice(-2).map(id => (id % 40) + 8),
      ...tokens(random, 1 + random.below(6)),
      2,
    ]
    return { id: `example-${index}`, prompt, completion }
  })
}

/** Five of the twelve at a time, in the order given, again and again: what `order: given` trains on. */
export function batches(steps: number): number[][] {
  return Array.from({ length: steps }, (_, step) => [0, 1, 2, 3, 4].map(item => (step * 5 + item) % 12))
}

export const SETTINGS = {
  betas: [0.9, 0.98],
  epsilon: 1e-7,
  weightDecay: 0.1,
  undecayed: ['norm', 'bias'],
  maxGradientNorm: 1,
} as const

function questions(versions: string): Goldens {
  const answers = { losses: [], gradientNorms: [], learningRates: [] }
  const training: TrainingGolden[] = [
    {
      model: 'llama-tied',
      adapter: 'initial',
      settings: { ...SETTINGS, learningRate: 0.01, warmupSteps: 5 },
      examples: examples(randomFrom(21)),
      batches: batches(50),
      ...answers,
    },
    {
      model: 'llama-tied',
      settings: { ...SETTINGS, learningRate: 0.003, warmupSteps: 2 },
      examples: examples(randomFrom(22)),
      batches: batches(20),
      ...answers,
    },
  ]
  const logits = ['llama-tied', 'llama-linear', 'llama-llama3', 'mistral'].map((model, index) =>
    logitsQuestion(model, index + 1),
  )
  return {
    versions,
    training,
    logits: [
      ...logits,
      logitsQuestion('llama-tied', 5, 'qv'),
      logitsQuestion('llama-llama3', 6, 'all-linear'),
    ],
  }
}

/** Replaces everything under test/fixtures/golden. */
export async function writeGoldens(python: string, versions: string): Promise<void> {
  await rm(GOLDEN, { recursive: true, force: true })
  await mkdir(GOLDEN, { recursive: true })
  await runPython(python, [TINY, GOLDEN])
  await ask(
    python,
    ADAPTERS.map(({ name, model, ...adapter }) => ({
      ...adapter,
      kind: 'adapter',
      base: { folder: join(GOLDEN, model) },
      baseName: `oppu/golden-${model}`,
      save: join(GOLDEN, 'adapters', name),
    })),
  )
  const goldens = await answerGoldens(python, questions(versions))
  await writeFile(join(GOLDEN, 'goldens.json'), `${compact(goldens)}\n`)
}

/** JSON with one line for each list of numbers. */
export function compact(goldens: Goldens): string {
  const lists: string[] = []
  const marked = JSON.stringify(
    goldens,
    (_, value: unknown) => {
      if (!Array.isArray(value) || !value.every(item => typeof item === 'number')) return value
      return `@${lists.push(JSON.stringify(value)) - 1}@`
    },
    1,
  )
  return marked.replaceAll(/"@(\d+)@"/g, (_, index: string) => lists[Number(index)]!)
}
