/** `oppu adapter`: sealed adapters. They leave this node only sealed to somebody's key. */
import { stat } from 'node:fs/promises'
import type { Command } from '@commander-js/extra-typings'
import { writeFileAtomic } from '../../node/store/atomic-file.ts'
import { shortId } from '../../protocol/ids.ts'
import { Context, newCommand } from '../context.ts'
import { formatBytes, table } from '../terminal.ts'

export function addAdapterCommands(program: Command): void {
  const adapter = program
    .command('adapter')
    .description('your adapters: list, show, export and import (sealed), remove')

  newCommand(adapter, 'list')
    .description('the adapters this node has, newest first')
    .action(async options => {
      const context = new Context(options)
      await context.withNode(async node => {
        const adapters = (await (await node.adapters()).list()).reverse()
        context.terminal.result(
          adapters,
          adapters.length === 0
            ? 'No adapter yet: oppu train.'
            : table(
                ['adapter', 'created', 'method', 'base', 'items', 'size', 'origin'],
                adapters.map(record => [
                  shortId(record.id),
                  new Date(record.createdAt).toISOString().slice(0, 16),
                  record.method,
                  shortId(record.baseId),
                  String(record.trainedItems),
                  formatBytes(record.size),
                  record.origin,
                ]),
              ),
        )
      })
    })

  newCommand(adapter, 'show <adapter>')
    .description('one adapter: its base, method, settings and training curve')
    .action(async (wanted, options) => {
      const context = new Context(options)
      await context.withNode(async node => {
        const adapters = await node.adapters()
        const record = await adapters.find(wanted)
        const { manifest } = await adapters.get(record.id)
        const curve = record.curve.map(({ step, loss }) => `${step}:${loss.toFixed(3)}`)
        context.terminal.result(
          { ...record, config: manifest.config, tensors: manifest.tensors },
          [
            `id        ${record.id}`,
            `base      ${record.baseId}`,
            `method    ${record.method} ${JSON.stringify(manifest.config)}`,
            `created   ${new Date(record.createdAt).toISOString()}`,
            `trained   on ${record.trainedItems} items (${record.origin})`,
            `size      ${formatBytes(record.size)} in ${manifest.tensors.length} tensors`,
            `loss      ${curve.length === 0 ? 'not known' : curve.join('  ')}`,
          ].join('\n'),
        )
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
        const { id } = await adapters.find(wanted)
        await adapters.remove(id)
        context.terminal.result({ removed: id }, `removed ${id}`)
      })
    })
}
