/** `oppu base verify`, `repair`, `gc`, `pin`: whether the bases here are right, and which of them are still wanted. */
import type { CommandUnknownOpts } from '@commander-js/extra-typings'
import { type Disposable, planGc, runGc } from '../../node/base/gc.ts'
import { type Examination, examine } from '../../node/base/upkeep.ts'
import { setPinned } from '../../node/store/origin.ts'
import { OppuError } from '../../protocol/errors.ts'
import { type BaseId, shortId } from '../../protocol/ids.ts'
import { Context, newCommand } from '../context.ts'
import { formatBytes, table } from '../terminal.ts'

export function addUpkeepCommands(base: CommandUnknownOpts): void {
  newCommand(base, 'verify [base]')
    .description('read every byte of a base, or of all, and say which chunks are not what they should be')
    .action(async (wanted, options) => {
      const context = new Context(options)
      const { terminal, signal } = context
      await context.withNode(async node => {
        const bases = wanted === undefined ? await node.bases.list() : [await node.bases.find(wanted)]
        const results = []
        for (const base of bases) {
          const { id, manifest } = base
          const examined = await examine(base, {
            onProgress: (bytes, total) =>
              terminal.progress(
                `verifying  ${manifest.name}  ${formatBytes(bytes)} of ${formatBytes(total)}`,
              ),
            signal,
          })
          results.push({ id, name: manifest.name, whole: isWhole(examined), ...examined })
        }
        terminal.result(
          results,
          results.length === 0
            ? 'No base yet.'
            : table(
                ['base', 'name', 'size', 'chunks', 'result'],
                results.map(result => [
                  ...[shortId(result.id), result.name, formatBytes(result.bytes), String(result.chunks)],
                  describe(result),
                ]),
              ),
        )
        const bad = results.filter(({ whole }) => !whole)
        if (bad.length > 0)
          throw new OppuError(
            'HASH_MISMATCH',
            `damaged: ${bad.map(({ name }) => name).join(', ')}; to put that right: oppu base repair`,
          )
      })
    })

  newCommand(base, 'repair [base]')
    .description('put the damaged chunks of a base right, from other bases here, else from peers')
    .action(async (wanted, options) => {
      const context = new Context(options)
      const { terminal, signal } = context
      await context.withNode(async node => {
        const repaired = await (await node.peering()).repair(wanted, {
          onNote: text => terminal.note(text),
          onBytes: (bytes, total) =>
            terminal.progress(`repairing  ${formatBytes(bytes)} of ${formatBytes(total)}`),
          signal,
        })
        const { name, shared, fetched } = repaired
        terminal.result(
          repaired,
          shared + fetched === 0
            ? `${name} was whole`
            : `repaired ${name}: ${formatBytes(shared)} from other bases here, ${formatBytes(fetched)} from peers`,
        )
      })
    })

  newCommand(base, 'gc')
    .description('delete what is left of work cut short, and versions of bases that later ones replaced')
    .option('--dry-run', 'say what would be deleted, and delete nothing')
    .action(async options => {
      const context = new Context(options)
      const { terminal, signal } = context
      await context.withNode(async node => {
        const needs = await node.needs()
        const bases = new Map(needs.bases)
        for (const { name, tag, baseId } of await (await node.peering()).releases({ signal }))
          bases.set(baseId, `${name}:${tag} stands for it`)
        const plan = await planGc(node.bases, { ...needs, bases })
        if (!options.dryRun) await runGc(node.bases, plan)
        const freed = plan.remove.reduce((sum, { bytes }) => sum + bytes, 0)
        for (const kept of plan.keep) terminal.note(`kept  ${describeDisposable(kept)}`)
        const verb = options.dryRun ? 'would delete' : 'deleted'
        terminal.result(
          { ...plan, freed, deleted: !options.dryRun },
          plan.remove.length === 0
            ? 'nothing to delete'
            : [
                ...plan.remove.map(found => `${verb}  ${describeDisposable(found)}`),
                `${formatBytes(freed)} ${options.dryRun ? 'would be' : ''} freed`.replace('  ', ' '),
              ].join('\n'),
        )
      })
    })

  for (const [verb, pinned, help] of [
    ['pin', true, 'keep a base whatever comes after it: oppu base gc leaves it alone'],
    ['unpin', false, 'let oppu base gc delete a base that a later one replaced'],
  ] as const) {
    newCommand(base, `${verb} <base>`)
      .description(help)
      .action(async (wanted, options) => {
        const context = new Context(options)
        await context.withNode(async node => {
          const { id, manifest, folder } = await node.bases.find(wanted)
          await setPinned(folder, pinned)
          context.terminal.result({ id, pinned }, `${verb}ned ${manifest.name}  ${id}`)
        })
      })
  }
}

function isWhole({ damaged, outline }: Examination): boolean {
  return outline && damaged.length === 0
}

function describe({ damaged, outline }: Examination): string {
  if (!outline) return 'its list of chunks is damaged'
  if (damaged.length === 0) return 'whole'
  return damaged
    .map(({ path, chunks, bytes }) => `${path}: ${chunks} damaged (${formatBytes(bytes)})`)
    .join(', ')
}

function describeDisposable({ kind, path, id, name, why, bytes }: Disposable): string {
  const what = id === undefined ? path : `${name ?? ''} ${shortId(id as BaseId)}`
  return `${kind} ${what}  ${formatBytes(bytes)}: ${why}`
}
