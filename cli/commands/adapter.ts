/** `oppu adapter`: sealed adapters, and which of them is in use. They leave this node only sealed to somebody's key. */
import { stat } from 'node:fs/promises'
import type { Command } from '@commander-js/extra-typings'
import type { PersonalNode } from '../../node/node.ts'
import {
  type AdapterRecord,
  parentOf,
  rootOf,
  slotOf,
  VERDICTS,
  type Verdict,
} from '../../node/store/adapter-record.ts'
import type { DamagedRecord, SlotFilter } from '../../node/store/adapters.ts'
import { writeFileAtomic } from '../../node/store/atomic-file.ts'
import { type AdapterId, shortId } from '../../protocol/ids.ts'
import { Context, newCommand } from '../context.ts'
import { describeCurve } from '../curve.ts'
import { formatBytes, table } from '../terminal.ts'
import { describeMeasured } from './train.ts'

export function addAdapterCommands(program: Command): void {
  const adapter = program
    .command('adapter')
    .description('your adapters: list, show, use, roll back, export and import (sealed), remove')

  newCommand(adapter, 'list')
    .description('the adapters this node has, newest first')
    .action(async options => {
      const context = new Context(options)
      await context.withNode(async node => {
        const adapters = await node.adapters()
        const [records, damaged, inUse] = [
          (await adapters.list()).reverse(),
          await adapters.damaged(),
          await adapters.allInUse(),
        ]
        context.terminal.result(
          [
            ...records.map(record => withLine(record, inUse)),
            ...damaged.map(({ id, code, message }) => ({ id, damaged: code, message })),
          ],
          records.length + damaged.length === 0
            ? 'No adapter yet: oppu train.'
            : listTable(records, damaged, inUse),
        )
      })
    })

  newCommand(adapter, 'show <adapter>')
    .description(
      'one adapter ("latest": the one in use): its line, base, method, settings, worth and training curve',
    )
    .action(async (wanted, options) => {
      const context = new Context(options)
      await context.withNode(async node => {
        const adapters = await node.adapters()
        const record = await adapters.find(wanted)
        const { manifest } = await adapters.get(record.id)
        const inUse = await adapters.allInUse()
        const parent = parentOf(record)
        context.terminal.result(
          { ...withLine(record, inUse), config: manifest.config, tensors: manifest.tensors },
          [
            `id        ${record.id}`,
            `version   ${record.lineage.version}${parent === undefined ? '' : `, trained further from ${shortId(parent)}`}`,
            `base      ${record.baseId}`,
            `method    ${record.method} ${JSON.stringify(manifest.config.method ?? manifest.config)}`,
            `created   ${new Date(record.createdAt).toISOString()}`,
            `trained   on ${itemsOf(record)} items${record.only === undefined ? '' : ` of task ${record.only}`} (${record.origin})`,
            `size      ${formatBytes(record.size)} in ${manifest.tensors.length} tensors`,
            `state     ${stateOf(record, inUse)}`,
            ...(record.measured === undefined ? [] : [describeMeasured(record.measured)]),
            ...(record.curve.length === 0 ? ['loss      not known'] : ['', describeCurve(record.curve)]),
          ].join('\n'),
        )
      })
    })

  newCommand(adapter, 'use <adapter>')
    .description('put an adapter in use for its base and task')
    .action(async (wanted, options) => {
      const context = new Context(options)
      await context.withNode(async node => {
        const adapters = await node.adapters()
        const record = await adapters.use(await adapters.resolve(wanted))
        context.terminal.result({ inUse: record.id }, described(record))
      })
    })

  newCommand(adapter, 'rollback [adapter]')
    .description('put the parent of the adapter in use, or the ancestor named, in use again')
    .option('--base <base>', 'that of this base (default: the one that was put in use last)')
    .option('--only <task>', 'the one trained on items of this task')
    .action(async (wanted, options) => {
      const context = new Context(options)
      await context.withNode(async node => {
        const adapters = await node.adapters()
        const target = wanted === undefined ? undefined : await adapters.find(wanted)
        const filter = target === undefined ? await filterOf(node, options) : slotOf(target)
        const from = await adapters.find('latest', filter)
        const record = await adapters.rollback(from, target?.id)
        context.terminal.result({ inUse: record.id, before: from.id }, described(record))
      })
    })

  newCommand(adapter, 'export <adapter> <file>')
    .description('write a sealed copy: to yourself as a backup, or to the recipients named')
    .option('--to <recipient...>', "recipients' keys (oppu1…); without it, only this vault can open the copy")
    .action(async (wanted, file, options) => {
      const context = new Context(options)
      await context.withNode(async node => {
        const adapters = await node.adapters()
        const { id } = await adapters.find(wanted)
        const recipients = options.to ?? [(await node.unlock()).recipient]
        const { signal } = context
        await writeFileAtomic(file, adapters.export(id, recipients, { signal }), { signal })
        const { size: bytes } = await stat(file)
        context.terminal.result(
          { adapter: id, file, bytes, recipients },
          `wrote ${file}, ${formatBytes(bytes)}, sealed to ${recipients.join(' and ')}`,
        )
      })
    })

  newCommand(adapter, 'import <file>')
    .description('take in a copy that was sealed to this vault')
    .action(async (file, options) => {
      const context = new Context(options)
      await context.withNode(async node => {
        const record = await (await node.adapters()).import(file, {
          signal: context.signal,
        })
        context.terminal.result(
          { adapter: record.id, base: record.baseId, method: record.method },
          `imported ${record.id} for base ${shortId(record.baseId)}`,
        )
      })
    })

  newCommand(adapter, 'remove <adapter>')
    .description('delete an adapter from this node')
    .action(async (wanted, options) => {
      const context = new Context(options)
      await context.withNode(async node => {
        const adapters = await node.adapters()
        const id = wanted === 'latest' ? (await adapters.find(wanted)).id : await adapters.resolve(wanted)
        await adapters.remove(id)
        context.terminal.result({ removed: id }, `removed ${id}`)
      })
    })
}

async function filterOf(
  node: PersonalNode,
  { base, only }: { readonly base?: string | undefined; readonly only?: string | undefined },
): Promise<SlotFilter> {
  return {
    ...(base === undefined ? {} : { baseId: (await node.bases.find(base)).id }),
    ...(only === undefined ? {} : { only }),
  }
}

function withLine(record: AdapterRecord, inUse: ReadonlySet<AdapterId>) {
  return { ...record, parent: parentOf(record), root: rootOf(record), inUse: inUse.has(record.id) }
}

function described(record: AdapterRecord): string {
  return `version ${record.lineage.version}, ${record.id}, is in use`
}

function stateOf({ id, verdict }: AdapterRecord, inUse: ReadonlySet<AdapterId>): string {
  if (inUse.has(id)) return 'in use'
  const { isUsed, reason } = VERDICTS[verdict ?? 'used']
  return isUsed ? 'not in use' : `not in use: ${reason}`
}

/** All that it was ever trained on; where that is not known, what its maker says. */
function itemsOf({ itemIds, trainedItems }: AdapterRecord): number {
  return itemIds.length > 0 ? itemIds.length : trainedItems
}

const COLUMNS = [
  ...['adapter', 'version', 'parent', 'state', 'created', 'method', 'base', 'task', 'items'],
  ...['before', 'after', 'size', 'origin'],
]

function listTable(
  records: readonly AdapterRecord[],
  damaged: readonly DamagedRecord[],
  inUse: ReadonlySet<AdapterId>,
): string {
  const rows = records.map(record => {
    const { measured, lineage, verdict } = record
    const parent = parentOf(record)
    return [
      shortId(record.id),
      String(lineage.version),
      parent === undefined ? '' : shortId(parent),
      inUse.has(record.id) ? 'in use' : SHORT[verdict ?? 'used'],
      new Date(record.createdAt).toISOString().slice(0, 16),
      record.method,
      shortId(record.baseId),
      record.only ?? '',
      String(itemsOf(record)),
      measured === undefined ? '' : (measured.before ?? measured.base).toFixed(3),
      measured === undefined ? '' : measured.after.toFixed(3),
      formatBytes(record.size),
      record.origin,
    ]
  })
  const lost = damaged.map(({ id, code }) => [
    ...[shortId(id), '', '', `damaged [${code}]`],
    ...COLUMNS.slice(4).map(() => ''),
  ])
  const lines = [table(COLUMNS, [...rows, ...lost])]
  if (rows.some(row => row[9] !== ''))
    lines.push(
      'before, after: log-likelihood per token of the newest answers, with what was in use before and with this.',
    )
  return [...lines, ...damaged.map(({ message }) => message)].join('\n')
}

const SHORT: Readonly<Record<Verdict, string>> = {
  used: '',
  unmeasured: '',
  unimproved: 'no gain',
  'below-base': 'below base',
  degenerate: 'degenerate',
  'below-parent': 'below parent',
}
