/**
 * Plain logits of a base, which no public call gives (scoring and generation never need whole rows of them), so built
 * here from the same forward pass and the same sessions that those use.
 */

import { AdapterSessions } from '../../node/generate/sessions.ts'
import { tensorOf } from '../../node/graph/tensor.ts'
import { headWeight, hiddenStates } from '../../node/model/architectures.ts'
import { batchFeeds, packExamples } from '../../node/model/batch.ts'
import { packedLayout } from '../../node/model/layout.ts'
import { labelLogits } from '../../node/model/loss.ts'
import type { RunnableBase } from '../../node/model/runnable.ts'
import type { LoadedAdapter } from '../../node/peft/adapter.ts'
import { frontOf } from '../../node/peft/index.ts'

export interface LogitsSession extends AsyncDisposable {
  /** Logits after the prompt's tokens at `rows` (default: every one), row-major. @returns [rows, vocab] */
  run(prompt: readonly number[], options?: LogitsOptions): Promise<Float32Array>
}

export interface LogitsOptions {
  readonly rows?: readonly number[]
  readonly adapter?: LoadedAdapter | undefined
}

/** Opens a base on the CPU. Close it after use. */
export async function openLogits(base: Pick<RunnableBase, 'config' | 'weights'>): Promise<LogitsSession> {
  const { config } = base
  const sessions = await AdapterSessions.open({ base, device: 'cpu' }, (graph, hooks) => {
    const hidden = hiddenStates(config, packedLayout(graph), hooks)
    graph.output('logits', labelLogits(hidden, headWeight(config, hooks), config.logitSoftcap))
  })
  return {
    async run(prompt, { rows = [...prompt.keys()], adapter } = {}) {
      const { virtualIds, prefixTokens } = frontOf(config, adapter?.config)
      const completion = [...virtualIds, ...prompt, 0]
      const [batch] = packExamples(
        [{ id: 'prompt', prompt: [], completion }],
        completion.length,
        prefixTokens,
      )
      const { session, feeds } = await sessions.serve(adapter)
      const places = rows.map(row => virtualIds.length + row)
      const labelRows = tensorOf('int64', [rows.length], places)
      const { logits } = await session.run({ ...feeds, ...batchFeeds(batch!), labelRows, targets: labelRows })
      return logits?.data as Float32Array
    },
    [Symbol.asyncDispose]: () => sessions.close(),
  }
}

/** The largest absolute difference between two lists of numbers; infinite where one is not a number or missing. */
export function worstDifference(ours: ArrayLike<number>, theirs: ArrayLike<number>): number {
  if (ours.length !== theirs.length) return Number.POSITIVE_INFINITY
  let worst = 0
  for (let i = 0; i < ours.length; i++) {
    const difference = Math.abs(ours[i]! - theirs[i]!)
    if (!(difference <= worst)) worst = Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference
  }
  return worst
}

/** The largest difference relative to the second list's numbers. */
export function worstRelative(ours: readonly number[], theirs: readonly number[]): number {
  return worstDifference(
    ours.map((value, index) => value / theirs[index]!),
    theirs.map(() => 1),
  )
}
