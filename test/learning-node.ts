/** What the tests of training on a node share: a node with the embedded base, items for it, and a run to its end. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { TrainRequest } from '../node/learning.ts'
import { PersonalNode } from '../node/node.ts'
import type { NewItem } from '../node/personal/history.ts'
import type { TrainStep } from '../node/train/trainer.ts'
import type { TrainReport } from '../node/training.ts'

export async function nodeOf(t: TestContext): Promise<PersonalNode> {
  const home = await mkdtemp(join(tmpdir(), 'oppu-training-'))
  t.after(() => rm(home, { recursive: true, force: true, maxRetries: 3 }))
  await PersonalNode.init({ home, passphrase: 'x' })
  const node = await PersonalNode.open({ home, passphrase: async () => 'x' })
  t.after(() => node.close())
  await node.importBase('embedded')
  return node
}

/** Items of times `from` to `to`. */
export async function add(
  node: PersonalNode,
  from: number,
  to: number,
  answer: (n: number) => string = n => `my answer is ${n}.`,
  task = 'general',
): Promise<void> {
  const items = Array.from({ length: to - from }, (_, i): NewItem => {
    const n = from + i
    return { time: 1000 * n, input: `What do you say to ${n}?`, output: answer(n), task, source: 'test' }
  })
  await (await node.history()).add(items)
}

/** A few large steps, which such short answers need. */
export const FAST = { steps: 12, batchSize: 8, learningRate: 0.02, maxGradientNorm: 1 }

export interface Outcome {
  readonly report: TrainReport
  readonly steps: readonly TrainStep[]
  readonly notes: readonly string[]
}

export async function train(
  node: PersonalNode,
  request: Omit<TrainRequest, 'onNote'> = {},
): Promise<Outcome> {
  const notes: string[] = []
  const steps: TrainStep[] = []
  const running = (await node.learning()).train({
    device: 'cpu',
    ...request,
    config: { ...FAST, ...request.config },
    onNote: text => notes.push(text),
  })
  for (;;) {
    const next = await running.next()
    if (next.done) return { report: next.value, steps, notes }
    steps.push(next.value)
  }
}
