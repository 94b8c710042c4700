/**
 * The golden numbers under test/fixtures/golden: what they hold, how they are read, and how Python makes them.
 *
 * A golden is its own question and answer: prompts, batches and settings stand beside the reference's numbers, so
 * that the tests need nothing but the JSON and the tiny models next to it. The questions are made here from a seed;
 * the models by tiny.py; the answers by reference.py.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Example } from '../../node/model/batch.ts'
import { runPython } from './environment.ts'

/** Adapters of every method, and their goldens; their models are those of the other folders. */
export const METHODS = fileURLToPath(new URL('../fixtures/methods/', import.meta.url))
/** The models of one family each, and their goldens. */
export const ARCHITECTURES = fileURLToPath(new URL('../fixtures/architectures/', import.meta.url))
const REFERENCE = fileURLToPath(new URL('./reference.py', import.meta.url))
export const GOLDEN = fileURLToPath(new URL('../fixtures/golden/', import.meta.url))
export const VOCAB = 128

/** Logits at `rows` of each prompt, and what greedy decoding continues it with. */
export interface LogitsGolden {
  readonly model: string
  /** A folder of PEFT's format under `adapters/`, applied to the model. */
  readonly adapter?: string
  readonly prompts: readonly (readonly number[])[]
  readonly rows: readonly (readonly number[])[]
  /** One row of VOCAB numbers for each of `rows`, prompt after prompt. */
  readonly logits: readonly (readonly number[])[]
  readonly greedy: readonly (readonly number[])[]
}

export interface TrainingSettings {
  readonly learningRate: number
  readonly betas: readonly [number, number]
  readonly epsilon: number
  readonly weightDecay: number
  /** Parameters whose name holds one of these get no weight decay. */
  readonly undecayed: readonly string[]
  readonly warmupSteps: number
  readonly maxGradientNorm: number
}

/** A training run: its examples, and which of them make each step (an equal number, in the order given, cyclically). */
export interface TrainingQuestion {
  readonly settings: TrainingSettings
  readonly examples: readonly Example[]
  readonly batches: readonly (readonly number[])[]
}

/** The losses of a training run: of `adapter` where there is one, else of every weight. */
export interface TrainingGolden extends TrainingQuestion {
  readonly model: string
  readonly adapter?: string
  readonly losses: readonly number[]
  readonly gradientNorms: readonly number[]
  readonly learningRates: readonly number[]
}

export interface Goldens {
  /** The packages that made the numbers. */
  readonly versions: string
  readonly logits: readonly LogitsGolden[]
  readonly training: readonly TrainingGolden[]
}

export async function readGoldens(folder = GOLDEN): Promise<Goldens> {
  return JSON.parse(await readFile(join(folder, 'goldens.json'), 'utf8')) as Goldens
}

/** A job of reference.py; its other keys are that file's. */
type ReferenceJob = {
  readonly kind: 'config' | 'encode' | 'logits' | 'train' | 'adapter' | 'method'
} & Readonly<Record<string, unknown>>

interface ReferenceAnswer {
  /** What the job wrote as JSON. */
  readonly result: Readonly<Record<string, unknown>>
  /** Of a logits job: [rows, vocab], row-major. */
  readonly logits: Float32Array
}

/** Runs jobs in one Python process, in order. @throws Error with Python's last words */
export async function ask(python: string, jobs: readonly ReferenceJob[]): Promise<ReferenceAnswer[]> {
  const scratch = await mkdtemp(join(tmpdir(), 'oppu-reference-'))
  try {
    const files = jobs.map((_, index) => ({
      result: join(scratch, `${index}.json`),
      logits: join(scratch, `${index}.f32`),
    }))
    await writeFile(
      join(scratch, 'jobs.json'),
      JSON.stringify(jobs.map((job, index) => ({ ...job, ...files[index] }))),
    )
    await runPython(python, [REFERENCE, join(scratch, 'jobs.json')])
    return await Promise.all(
      jobs.map(async ({ kind }, index) => {
        const bytes = kind === 'logits' ? await readFile(files[index]!.logits) : new Uint8Array()
        const result = JSON.parse(await readFile(files[index]!.result, 'utf8')) as ReferenceAnswer['result']
        return { result, logits: new Float32Array(new Uint8Array(bytes).buffer) }
      }),
    )
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
}

/** The reference's answers to the goldens' questions, from the tiny models as they lie in `folder` of the checkout. */
export async function answerGoldens(
  python: string,
  questions: Goldens,
  folder = GOLDEN,
  decimals = 5,
): Promise<Goldens> {
  const place = (golden: { readonly model: string; readonly adapter?: string }) => ({
    base: { folder: join(folder, golden.model) },
    ...(golden.adapter === undefined ? {} : { adapter: join(folder, 'adapters', golden.adapter) }),
  })
  const logitsJobs = questions.logits.map(
    (golden): ReferenceJob => ({
      ...place(golden),
      kind: 'logits',
      prompts: golden.prompts,
      rows: golden.rows,
      greedy: 24,
    }),
  )
  const trainingJobs = questions.training.map(
    (golden): ReferenceJob => ({
      ...place(golden),
      kind: 'train',
      settings: golden.settings,
      examples: golden.examples,
      batches: golden.batches,
    }),
  )
  const answers = await ask(python, [...logitsJobs, ...trainingJobs])
  return {
    versions: questions.versions,
    logits: questions.logits.map((golden, index) => {
      const { logits, result } = answers[index]!
      const rows = Array.from({ length: logits.length / VOCAB }, (_, row) => [
        ...logits.subarray(row * VOCAB, (row + 1) * VOCAB),
      ])
      return {
        ...golden,
        logits: rows.map(row => row.map(value => round(value, decimals))),
        greedy: result.greedy as number[][],
      }
    }),
    training: questions.training.map((golden, index) => {
      const result = answers[questions.logits.length + index]!.result as Record<
        'losses' | 'gradientNorms' | 'learningRates',
        number[]
      >
      const { losses, gradientNorms, learningRates } = result
      return {
        ...golden,
        losses: losses.map(value => round(value, 6)),
        gradientNorms: gradientNorms.map(value => round(value, 6)),
        learningRates: learningRates.map(value => round(value, 9)),
      }
    }),
  }
}

function round(value: number, decimals: number): number {
  return Number(value.toFixed(decimals))
}
