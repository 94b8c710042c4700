/** `oppu data`: the user's own history. Nothing here leaves the node. */
import { type Command, Option } from '@commander-js/extra-typings'
import { FORMATS, importHistory } from '../../node/personal/import.ts'
import { OppuError, only } from '../../protocol/errors.ts'
import { Context, newCommand } from '../context.ts'
import { numberOption } from '../schema-options.ts'
import { table } from '../terminal.ts'

/** Characters of an item's text that a list shows. */
const PREVIEW = 48

export function addDataCommands(program: Command): void {
  const data = program
    .command('data')
    .description('your history: import, list, remove (sealed at rest, and it stays here)')

  newCommand(data, 'import <file>')
    .description(
      'import history: JSONL (prompt/completion or chat messages), mbox or eml mail, LaMP/OPPU JSON',
    )
    .addOption(
      new Option('--format <format>', 'what the file is (default: told from the file)').choices(FORMATS),
    )
    .option('--author <address>', 'mail: whose messages are yours')
    .option('--user <id>', 'lamp: which user of the file you are')
    .option('--task <name>', 'name the task of items that do not name one')
    .action(async (file, options) => {
      const context = new Context(options)
      const { terminal, signal } = context
      await context.withNode(async node => {
        const { format, author, user, task } = options
        const report = await importHistory(await node.history(), file, {
          ...(format === undefined ? {} : { format }),
          ...(author === undefined ? {} : { author }),
          ...(user === undefined ? {} : { user }),
          ...(task === undefined ? {} : { task }),
          onProgress: ({ added, duplicates }) => terminal.progress(`importing  ${added + duplicates} items`),
          signal,
        })
        const { added, duplicates, refused, refusals, skipped } = report
        const lines = [
          `imported ${added} items (${report.format}); already there ${duplicates}, refused ${refused}, not yours ${skipped}`,
          ...refusals.map(({ line, reason }) => `  line ${line}: ${reason}`),
          ...(refused > refusals.length ? [`  and ${refused - refusals.length} more`] : []),
        ]
        terminal.progressDone(lines.join('\n'))
        terminal.result(report)
        if (added + duplicates === 0) {
          throw new OppuError('INVALID_DATA', `${file}: no usable item in it`)
        }
      })
    })

  newCommand(data, 'list')
    .description('your history items, newest first')
    .option('--only <task>', 'only items of this task')
    .addOption(
      numberOption('--limit <count>', { default: 20, maximum: 1e9, whole: true, description: 'how many' }),
    )
    .action(async options => {
      const context = new Context(options)
      const { terminal } = context
      await context.withNode(async node => {
        const history = await node.history()
        const shown = await history.list({
          ...(options.only === undefined ? {} : { task: options.only }),
          order: 'newest',
          limit: options.limit,
          signal: context.signal,
        })
        const total = await history.count()
        terminal.result(
          shown,
          shown.length === 0
            ? 'No history yet: oppu data import FILE.'
            : `${table(
                ['item', 'time', 'task', 'input', 'output'],
                shown.map(({ id, time, task, input, output }) => [
                  id.slice(0, 12),
                  new Date(time).toISOString().slice(0, 16),
                  task,
                  ...[input, output].map(text => text.replace(/\s+/g, ' ').slice(0, PREVIEW)),
                ]),
              )}\n${shown.length} of ${total} items`,
        )
      })
    })

  newCommand(data, 'remove [items...]')
    .description(
      'delete history items by id, or everything with --all; adapters trained on them are not changed',
    )
    .option('--all', 'delete the whole history')
    .action(async (items, options) => {
      const context = new Context(options)
      if (items.length === 0 && !options.all) {
        throw new OppuError('INVALID_ARGUMENT', 'name the items to remove, or give --all')
      }
      await context.withNode(async node => {
        const history = await node.history()
        const ids: string[] = []
        if (options.all) ids.push(...(await history.list()).map(({ id }) => id))
        for (const item of items) ids.push(only(await history.find(item), `item ${item}`))
        const removed = await history.remove(ids)
        context.terminal.result({ removed }, `removed ${removed} items`)
      })
    })
}
