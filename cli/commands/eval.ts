/** `oppu eval`: what an adapter is worth, on the newest items that it was never trained on. */
import { type Command, Option } from '@commander-js/extra-typings'
import type { Evaluation } from '../../node/eval/evaluate.ts'
import { OppuError } from '../../protocol/errors.ts'
import { METRICS } from '../../protocol/task.ts'
import { Context, deviceOption, newCommand } from '../context.ts'
import { holdOutOption } from '../schema-options.ts'
import { table } from '../terminal.ts'

export function addEvalCommand(program: Command): void {
  newCommand(program, 'eval')
    .description("score base, own adapter and another's on your newest items, which were never trained on")
    .option('--task <task>', "one of the coordinator's signed tasks, by id; it is shown before it runs")
    .option('--only <task>', 'only history items of this task')
    .option('--own <adapter>', 'your adapter; "latest" is the one in use', 'latest')
    .option('--other <adapter>', "another person's adapter, as a control")
    .addOption(holdOutOption('without --task: the newest share of items to score on'))
    .addOption(new Option('--metric <metric>', 'without --task').choices(METRICS).default('rouge-1' as const))
    .option('--report', 'with --task: send the scores (counts and means, nothing else) to the coordinator')
    .addOption(deviceOption())
    .action(async options => {
      const context = new Context(options)
      const { terminal, signal } = context
      const onNote = (text: string): void => terminal.note(text)
      await context.withNode(async node => {
        const { own, other, device } = options
        const task =
          options.task === undefined
            ? undefined
            : await (await node.peering()).task(options.task, { onNote, signal })
        if (options.report && task === undefined) {
          throw new OppuError('INVALID_ARGUMENT', "--report needs a coordinator's --task to report on")
        }
        const { holdOut, metric } = task?.task ?? options
        terminal.note(`scoring on the newest ${Math.round(100 * holdOut)} % of the items, metric ${metric}`)
        const learning = await node.learning()
        const evaluation = await learning.evaluate({
          own,
          ...(other === undefined ? {} : { other }),
          ...(options.only === undefined ? {} : { only: options.only }),
          holdOut,
          metric,
          device: device,
          onNote,
          onProgress: (done, total) => terminal.progress(`scoring  ${done} of ${total} answers`),
          signal,
        })
        terminal.progressDone(`scored ${evaluation.items} items`)
        let reported = false
        try {
          if (options.report && task !== undefined) {
            await (await node.peering()).report(evaluation, task, { onNote, signal })
            reported = true
          }
        } finally {
          // The scores are the user's, whether or not the coordinator took them.
          terminal.result({ ...evaluation, reported }, describe(evaluation))
        }
        if (reported) terminal.note('The coordinator received the counts and means above, and nothing else.')
      })
    })
}

function describe({ items, tokens, logLikelihood, metric, paired }: Evaluation): string {
  const row = (name: string, key: 'base' | 'own' | 'other'): string[] => [
    name,
    logLikelihood[key]!.toFixed(4),
    metric[key]!.toFixed(4),
  ]
  const rows = [row('base', 'base'), row('own adapter', 'own')]
  if (logLikelihood.other !== undefined) rows.push(row("other's adapter", 'other'))
  const lines = [
    table(['', 'log-likelihood per token', metric.name], rows),
    `${items} items, ${tokens} answer tokens, none of them trained on`,
  ]
  for (const [name, { better, worse, signP }] of Object.entries(paired)) {
    lines.push(
      `own against ${name}: better on ${better} items, worse on ${worse} (sign test p = ${signP.toPrecision(2)})`,
    )
  }
  return lines.join('\n')
}
