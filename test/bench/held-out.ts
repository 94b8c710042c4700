/**
 * A part of `bench -- train`: whether adapters trained with 8-bit products are worth less than those of float32. People of
 * both tasks train on their older items in both ways, and what comes out is scored on their newest ones, over the
 * float32 base. Harm is a mean difference below zero that a paired test over all those items would not call luck.
 */
import { table } from '../../cli/terminal.ts'
import type { OpenedBase } from '../../node/base/open.ts'
import { mean } from '../../node/eval/metrics.ts'
import { pairedTest } from '../../node/eval/paired.ts'
import { type Score, Scorer } from '../../node/generate/scorer.ts'
import type { Example } from '../../node/model/batch.ts'
import { type LoadedAdapter, loadAdapter } from '../../node/peft/index.ts'
import { split, toExamples } from '../../node/personal/examples.ts'
import { train } from '../../node/train/trainer.ts'
import { readUsers, type TaskItems } from './items.ts'
import { LORA, MAX_LENGTH } from './lineup.ts'
import { format, higher, type Part } from './report.ts'
import type { TrainBench } from './train.ts'

const HOLD_OUT = 0.2
const EPOCHS = 4
/** Items a step. */
const BATCH_SIZE = 4
/** Below this it would not be luck. */
const SIGNIFICANT = 0.05

interface Outcome {
  readonly task: string
  readonly trained: number
  /** Log-likelihood per token of each held-out answer. */
  readonly base: readonly number[]
  readonly float32: readonly number[]
  readonly int8: readonly number[]
}

/** `users`: people of each task. */
export async function int8HeldOut({ base, say }: TrainBench, users: number): Promise<Part> {
  const outcomes: Outcome[] = []
  for (const user of await readUsers(users)) {
    const outcome = await trainBothWays(base, user)
    outcomes.push(outcome)
    say(`user ${outcomes.length}: ${row(outcome).join(', ')}`)
  }
  const differences = outcomes.flatMap(({ float32, int8 }) => int8.map((value, i) => value - float32[i]!))
  const test = pairedTest(differences)
  const gain = mean(outcomes.flatMap(({ base, float32 }) => float32.map((value, i) => value - base[i]!)))
  const said =
    `${test.pairs} held-out items: 8 bits better on ${test.better}, worse on ${test.worse} (sign test p ${format(test.signP)}); ` +
    `mean difference ${format(test.mean)} (sign-flip test p ${format(test.permutationP)}), where float32 gains ${format(gain)} on the base`
  return {
    figures: [higher('train.int8_held_out_p', test.mean >= 0 ? 1 : test.permutationP, SIGNIFICANT)],
    runs: { int8HeldOut: { outcomes, test, gain } },
    tables: [
      table(
        ['log-likelihood per token', 'trained on', 'held out', 'base', 'float32', 'int8'],
        outcomes.map(row),
      ),
      said,
    ],
  }
}

async function trainBothWays(base: OpenedBase, { name, items }: TaskItems): Promise<Outcome> {
  const { training, heldOut } = split(items, HOLD_OUT)
  const [examples, asked] = [training, heldOut].map(
    some => toExamples(some, base, { maxLength: MAX_LENGTH }).examples,
  ) as [readonly Example[], readonly Example[]]
  const adapters: LoadedAdapter[] = []
  for (const precision of ['float32', 'int8'] as const)
    adapters.push(await trained(base, examples, precision))
  await using scorer = await Scorer.open({ base, first: adapters[0]!, maxLength: MAX_LENGTH })
  const worth = async (adapter?: LoadedAdapter) =>
    (await scorer.score(asked, adapter))
      .filter((found): found is Score => found !== undefined)
      .map(({ logLikelihood, tokens }) => logLikelihood / tokens)
  return {
    task: name,
    trained: examples.length,
    base: await worth(),
    float32: await worth(adapters[0]),
    int8: await worth(adapters[1]),
  }
}

async function trained(
  base: OpenedBase,
  examples: readonly Example[],
  precision: 'float32' | 'int8',
): Promise<LoadedAdapter> {
  const steps = train({
    base,
    method: 'lora',
    methodConfig: { ...LORA, dropout: 0 },
    examples,
    device: 'cpu',
    config: { epochs: EPOCHS, batchSize: BATCH_SIZE, maxLength: MAX_LENGTH, precision },
  })
  let next = await steps.next()
  while (!next.done) next = await steps.next()
  const { files, manifest } = next.value
  return loadAdapter(files, base, { manifest })
}

function row({ task, trained, ...worth }: Outcome): string[] {
  const { base, float32, int8 } = worth
  return [task, String(trained), String(base.length), ...[base, float32, int8].map(own => format(mean(own)))]
}
