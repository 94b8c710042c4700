/** `oppu coordinator`: hands out signed manifests and tasks, takes scores. It never sees data, adapters or keys. */
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { type Command, Option } from '@commander-js/extra-typings'
import { COORDINATOR_SCHEMA, parseCoordinatorConfig } from '../../coordinator/config.ts'
import type { Coordinator } from '../../coordinator/coordinator.ts'
import { errorCode } from '../../node/store/atomic-file.ts'
import { OppuError } from '../../protocol/errors.ts'
import { type BaseId, parseId } from '../../protocol/ids.ts'
import { TASK_LIMITS } from '../../protocol/limits.ts'
import { decodeManifest } from '../../protocol/manifest.ts'
import { METRICS } from '../../protocol/task.ts'
import { Context, newCommand } from '../context.ts'
import { holdOutOption, numberOption } from '../schema-options.ts'
import { table } from '../terminal.ts'

const DAY = 24 * 3600 * 1000

export function addCoordinatorCommands(program: Command): void {
  const coordinator = program
    .command('coordinator')
    .description('publish signed bases and evaluation tasks, and collect scores')

  newCommand(coordinator, 'start')
    .description('run the coordinator until Ctrl-C; prints the address that nodes join with')
    .option(
      '--listen <address...>',
      `where to listen (default: ${COORDINATOR_SCHEMA.listen.default.join(' ')})`,
    )
    .option('--announce <address...>', 'addresses to print instead, where others reach it by another one')
    .action(async options => {
      const context = new Context(options)
      const { terminal, signal } = context
      await using running = await open(context, options.listen)
      const [peer] = running.addresses().map(address => address.slice(address.lastIndexOf('/p2p/')))
      const addresses = options.announce?.map(address => `${address}${peer}`) ?? running.addresses()
      const bases = running.bases()
      terminal.result(
        { coordinator: running.id, addresses, bases },
        [`coordinator ${running.id}`, ...addresses, `${bases.length} bases published; Ctrl-C stops`].join(
          '\n',
        ),
      )
      if (!signal.aborted) await once(signal, 'abort')
    })

  newCommand(coordinator, 'publish <manifest>')
    .description(
      "sign and publish a base's manifest: the file bases/ID/manifest in the home of a node that has it",
    )
    .option('--licence <file>', "text of the base's licence, to be shown to members")
    .action(async (path, options) => {
      const context = new Context(options)
      const manifest = decodeManifest(await readFileOf(path))
      const licence =
        options.licence === undefined ? undefined : (await readFileOf(options.licence)).toString('utf8')
      await using closed = await open(context, [])
      const base = await closed.publishManifest(
        manifest,
        licence === undefined ? {} : { licenceText: licence },
      )
      context.terminal.result({ base, name: manifest.name }, `published ${manifest.name}  ${base}`)
    })

  newCommand(coordinator, 'task')
    .description('sign and publish an evaluation task')
    .requiredOption('--base <id>', 'the published base it is for')
    .requiredOption('--title <text>', 'what it is about, for people')
    .addOption(
      new Option('--metric <metric>', 'beside log-likelihood').choices(METRICS).default('rouge-1' as const),
    )
    .addOption(holdOutOption('the newest share of the items to score on'))
    .addOption(
      numberOption('--minimum-items <count>', {
        ...{
          default: TASK_LIMITS.minimumItems,
          minimum: TASK_LIMITS.minimumItems,
          maximum: 1e6,
          whole: true,
        },
        description: 'fewest items that may be reported on',
      }),
    )
    .addOption(
      numberOption('--days <count>', {
        ...{ default: 30, minimum: 0.001, maximum: TASK_LIMITS.lifetimeMs / DAY },
        description: 'how long it is open',
      }),
    )
    .action(async options => {
      const context = new Context(options)
      await using closed = await open(context, [])
      const now = Date.now()
      const task = await closed.publishTask({
        version: 1,
        title: options.title,
        baseId: parseId<BaseId>(options.base, 'base id'),
        metric: options.metric,
        holdOut: options.holdOut,
        minimumItems: options.minimumItems,
        createdAt: now,
        expiresAt: now + Math.round(options.days * DAY),
      })
      context.terminal.result({ task }, `published task ${task}`)
    })

  newCommand(coordinator, 'reports')
    .description('the scores received so far')
    .action(async options => {
      const context = new Context(options)
      await using closed = await open(context, [])
      const reports = await closed.reports()
      context.terminal.result(
        reports,
        reports.length === 0
          ? 'No report yet.'
          : table(
              ['task', 'user', 'items', 'LL base', 'LL own', 'LL other'],
              reports.map(({ user, report: { taskId, items, logLikelihood } }) => [
                ...[taskId.slice(0, 12), user.slice(0, 12), String(items)],
                ...[logLikelihood.base, logLikelihood.own].map(value => value.toFixed(4)),
                logLikelihood.other?.toFixed(4) ?? '',
              ]),
            ),
      )
    })
}

async function open(context: Context, listen: readonly string[] | undefined): Promise<Coordinator> {
  const { Coordinator } = await import('../../coordinator/coordinator.ts')
  const config = parseCoordinatorConfig({ listen })
  return Coordinator.open({ ...config, home: context.coordinatorHome, signal: context.signal })
}

async function readFileOf(path: string): Promise<Buffer> {
  try {
    return await readFile(path)
  } catch (cause) {
    if (errorCode(cause) === 'ENOENT') throw new OppuError('NOT_FOUND', `there is no file ${path}`, { cause })
    throw cause
  }
}
