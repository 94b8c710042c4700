/** Our side of what a golden asks: the tiny base opened as a user's would be, and a training run with its settings. */
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { importBase } from '../../node/base/import.ts'
import { type OpenedBase, openBase } from '../../node/base/open.ts'
import type { RunnableBase } from '../../node/model/runnable.ts'
import type { AdapterConfig, LoadedAdapter } from '../../node/peft/adapter.ts'
import { loadAdapter } from '../../node/peft/index.ts'
import { type TrainedAdapter, type TrainStep, train } from '../../node/train/trainer.ts'
import { baseId } from '../../protocol/manifest.ts'
import { GOLDEN, type TrainingQuestion } from './goldens.ts'

/** Imports a golden model into a home of its own, opens it, and removes the home after `use`. */
export async function withGoldenBase<T>(
  model: string,
  use: (base: OpenedBase) => Promise<T>,
  folder = GOLDEN,
): Promise<T> {
  const home = await mkdtemp(join(tmpdir(), 'oppu-golden-'))
  try {
    const manifest = await importBase(`file:${join(folder, model)}`, { home })
    return await use(await openBase(join(home, 'bases', baseId(manifest)), manifest))
  } finally {
    await rm(home, { recursive: true, force: true })
  }
}

/** Reads an adapter that PEFT wrote, which is bound to no base of ours. */
export async function readPeftAdapter(
  folder: string,
  base: Pick<RunnableBase, 'id' | 'config'>,
): Promise<LoadedAdapter> {
  const names = ['adapter_config.json', 'adapter_model.safetensors']
  const files = await Promise.all(
    names.map(async name => [name, new Uint8Array(await readFile(join(folder, name)))] as const),
  )
  return loadAdapter(new Map(files), base, { acceptUnbound: true })
}

/** The options that make such an adapter again, without dropout. */
function optionsOf(config: AdapterConfig): Readonly<Record<string, unknown>> {
  switch (config.method) {
    case 'lora':
    case 'dora': {
      const { rank, alpha, targets, rankStabilized } = config
      return { rank, alpha, targets, scaling: rankStabilized ? 'rank-stabilized' : 'standard', dropout: 0 }
    }
    case 'ia3':
      return { targets: config.targets, feedforward: config.feedforward }
    case 'prompt-tuning':
    case 'prefix-tuning':
      return { virtualTokens: config.virtualTokens }
  }
}

/** Trains as the question says, from `adapter` where there is one, else every weight. Same order: none is shuffled. */
export async function replay(
  base: RunnableBase,
  question: TrainingQuestion,
  options: {
    readonly adapter?: LoadedAdapter
    readonly batchTokens?: number
    readonly onStep?: (step: TrainStep) => void
  },
): Promise<{ readonly steps: readonly TrainStep[]; readonly trained: TrainedAdapter }> {
  const { settings, examples, batches } = question
  const { adapter, batchTokens = 1024 } = options
  const method = adapter
    ? {
        method: adapter.config.method,
        methodConfig: optionsOf(adapter.config),
        initial: new Map([...adapter.tensors].map(([name, { data }]) => [name, data])),
      }
    : { method: 'full' as const }
  const run = train({
    base,
    ...method,
    examples,
    device: 'cpu',
    config: {
      steps: batches.length,
      batchSize: batches[0]!.length,
      batchTokens,
      precision: 'float32',
      order: 'given',
      learningRate: settings.learningRate,
      schedule: 'linear',
      warmup: settings.warmupSteps / batches.length,
      beta1: settings.betas[0],
      beta2: settings.betas[1],
      epsilon: settings.epsilon,
      weightDecay: settings.weightDecay,
      maxGradientNorm: settings.maxGradientNorm,
    },
  })
  const steps: TrainStep[] = []
  for (;;) {
    const next = await run.next()
    if (next.done) return { steps, trained: next.value }
    steps.push(next.value)
    options.onStep?.(next.value)
  }
}
