/**
 * How likely a base, alone or with an adapter, finds given completions. One session serves every adapter.
 *
 * Packing, the rule for long examples and the label positions are training's own (`model/batch.ts`), so what is scored is
 * what was learned. Metrics and comparisons belong to `eval/`.
 */
import { OppuError } from '../../protocol/errors.ts'
import type { DeviceAccount } from '../graph/session.ts'
import { headWeight, hiddenStates } from '../model/architectures.ts'
import { batchFeeds, type Example, packExamples } from '../model/batch.ts'
import { packedLayout } from '../model/layout.ts'
import { labelHits, labelLosses } from '../model/loss.ts'
import type { LoadedAdapter } from '../peft/adapter.ts'
import { fitBehind } from '../peft/front.ts'
import { frontOf } from '../peft/index.ts'
import { AdapterSessions, type SessionsOptions } from './sessions.ts'

export interface Score {
  /** Labels: tokens of the completion (without the first, where there is no prompt). */
  readonly tokens: number
  /** Sum over labels of ln p(token | all before). */
  readonly logLikelihood: number
  /** Labels that are the likeliest token of all. */
  readonly correct: number
}

export interface ScorerOptions extends SessionsOptions {
  /** Tokens in one pass at most. Default 1024. */
  readonly batchTokens?: number
  /** Tokens of an example at most, an adapter's own included (default: what the model was made for); see `fitExample`. */
  readonly maxLength?: number
}

export class Scorer {
  readonly #options: ScorerOptions
  readonly #sessions: AdapterSessions

  private constructor(options: ScorerOptions, sessions: AdapterSessions) {
    this.#options = options
    this.#sessions = sessions
  }

  /** Close it when done. @throws those of `GraphSession.open` */
  static async open(options: ScorerOptions): Promise<Scorer> {
    const { config } = options.base
    const sessions = await AdapterSessions.open(options, (graph, hooks) => {
      const layout = packedLayout(graph)
      const hidden = hiddenStates(config, layout, hooks)
      const { targets } = layout.inputs
      graph.output('losses', labelLosses(hidden, headWeight(config, hooks), targets, config.logitSoftcap))
      graph.output('hits', labelHits(hidden, headWeight(config, hooks), targets))
    })
    return new Scorer(options, sessions)
  }

  get device(): DeviceAccount {
    return this.#sessions.device
  }

  /**
   * Scores each example, in order; undefined where its completion is empty or does not fit.
   * @param adapter undefined: the base alone, exactly
   * @throws OppuError CORRUPT_ADAPTER (its numbers overflow), CLOSED; the signal's reason
   */
  async score(
    examples: readonly Example[],
    adapter?: LoadedAdapter,
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<(Score | undefined)[]> {
    const { base, batchTokens = 1024, maxLength = base.config.maxPositions } = this.#options
    const { session, feeds } = await this.#sessions.serve(adapter)
    const front = frontOf(base.config, adapter?.config)
    const fitting = examples.flatMap((example, index) => {
      const fit = fitBehind(front, example, Math.min(maxLength, base.config.maxPositions))
      return fit === undefined ? [] : [{ example: fit, index }]
    })
    const scores = examples.map((): Score | undefined => undefined)
    const packed = packExamples(
      fitting.map(({ example }) => example),
      batchTokens,
      front.prefixTokens,
    )
    for (const batch of packed) {
      const { losses, hits } = await session.run({ ...batchFeeds(batch), ...feeds }, options)
      for (const [label, owner] of batch.owners.entries()) {
        const { index } = fitting[owner]!
        const { tokens, logLikelihood, correct } = scores[index] ?? {
          tokens: 0,
          logLikelihood: 0,
          correct: 0,
        }
        if (!Number.isFinite(losses!.data[label]))
          throw adapter === undefined
            ? new OppuError('RUNTIME_FAILURE', 'the base gives a likelihood that is not finite')
            : new OppuError('CORRUPT_ADAPTER', 'with this adapter a likelihood is not finite')
        scores[index] = {
          tokens: tokens + 1,
          logLikelihood: logLikelihood - Number(losses!.data[label]),
          correct: correct + Number(hits!.data[label]),
        }
      }
    }
    return scores
  }

  /** Waits for work in flight. Safe to call more than once. */
  async close(): Promise<void> {
    await this.#sessions.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}
