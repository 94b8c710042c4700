/** `oppu coordinator`: hands out signed manifests and tasks, takes scores. It never sees data, adapters or keys. */
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { stderr } from 'node:process'
import { type Command, Option } from '@commander-js/extra-typings'
import { COORDINATOR_SCHEMA, parseCoordinatorConfig } from '../../coordinator/config.ts'
import { errorCode } from '../../node/store/atomic-file.ts'
import { OppuError } from '../../protocol/errors.ts'
import { shortId } from '../../protocol/ids.ts'
import { TASK_LIMITS } from '../../protocol/limits.ts'
import { parseReleaseName } from '../../protocol/release.ts'
import { METRICS } from '../../protocol/task.ts'
import { administer } from '../administer.ts'
import { Context, newCommand } from '../context.ts'
import { holdOutOption, numberOption } from '../schema-options.ts'
import { table } from '../terminal.ts'
import { addCommunityCommands } from './community.ts'

const DAY = 24 * 3600 * 1000

export function addCoordinatorCommands(program: Command): void {
  const coordinator = program
    .command('coordinator')
    .description('publish signed bases and evaluation tasks, and collect scores')

  addCommunityCommands(coordinator)

  newCommand(coordinator, 'start')
    .description('run the coordinator until Ctrl-C; prints the address that nodes join with')
    .option(
      '--listen <address...>',
      `where to listen (default: ${COORDINATOR_SCHEMA.listen.default.join(' ')})`,
    )
    .option('--announce <address...>', 'addresses to print instead, where others reach it by another one')
    .option('--monitor <port>', COORDINATOR_SCHEMA.monitor.description)
    .option(
      '--log-level <level>',
      `${COORDINATOR_SCHEMA.logLevel.description} (default: info, on a terminal warn)`,
    )
    .option('--log-file <file>', COORDINATOR_SCHEMA.logFile.description)
    .action(async options => {
      const context = new Context(options)
      const { terminal, signal } = context
      const { listen, monitor, logFile } = options
      // Where people read along, what goes well goes without saying.
      const logLevel = options.logLevel ?? (stderr.isTTY && logFile === undefined ? 'warn' : 'info')
      const config = parseCoordinatorConfig({ listen, monitor, logLevel, logFile })
      const { Service } = await import('../../coordinator/service.ts')
      await using service = await Service.open({ ...config, home: context.coordinatorHome, signal })
      const { coordinator: running, monitorUrl } = service
      process.on('SIGHUP', () => service.reopenLog())
      const [peer] = running.addresses().map(address => address.slice(address.lastIndexOf('/p2p/')))
      const addresses = options.announce?.map(address => `${address}${peer}`) ?? running.addresses()
      if (options.announce !== undefined) await running.membership.reachedAt(addresses)
      const bases = running.bases()
      const watched = monitorUrl === undefined ? {} : { monitor: monitorUrl }
      terminal.result(
        { coordinator: running.id, addresses, bases, ...watched },
        [
          `coordinator ${running.id}`,
          ...addresses,
          ...(monitorUrl === undefined
            ? []
            : [`health and metrics: ${monitorUrl}/healthz, ${monitorUrl}/metrics`]),
          `${bases.length} bases published; Ctrl-C stops`,
        ].join('\n'),
      )
      if (!signal.aborted) await once(signal, 'abort')
    })

  newCommand(coordinator, 'publish <manifest>')
    .description(
      "sign and publish a base's manifest: the file bases/ID/manifest in the home of a node that has it",
    )
    .option('--licence <file>', "text of the base's licence, which members accept before they pull")
    .option('--tag <tag>', 'a tag that stands for this base from now on, such as stable')
    .option(
      '--name <name>',
      "with --tag: a name for the base and its later versions (default: of the base's own)",
    )
    .action(async (path, { licence, tag, name, ...options }) => {
      const context = new Context(options)
      const published = await administer(context, 'publish', {
        manifest: (await readFileOf(path)).toString('base64'),
        ...(licence === undefined ? {} : { licence: (await readFileOf(licence)).toString('utf8') }),
        ...(tag === undefined ? {} : { tag }),
        ...(name === undefined ? {} : { name }),
      })
      const { base, release } = published
      const as = release === undefined ? '' : `  as ${release.name}:${release.tag}`
      context.terminal.result(published, `published ${published.name}  ${base}${as}`)
    })

  newCommand(coordinator, 'tag <release> <base>')
    .description('let NAME or NAME:TAG stand for a published base, by its id or first digits, from now on')
    .action(async (wanted, base, options) => {
      const context = new Context(options)
      const parsed = parseReleaseName(wanted)
      if (parsed === undefined)
        throw new OppuError('INVALID_ARGUMENT', `not a name of lower-case letters and digits: ${wanted}`)
      const release = await administer(context, 'tag', { ...parsed, base })
      context.terminal.result(release, `${release.name}:${release.tag} is ${release.baseId}`)
    })

  newCommand(coordinator, 'releases')
    .description('what is published, and what names and tags stand for')
    .action(async options => {
      const context = new Context(options)
      const found = await administer(context, 'releases', {})
      const named = Map.groupBy(found.releases, ({ baseId }) => baseId)
      context.terminal.result(
        found,
        found.bases.length === 0
          ? 'Nothing is published yet.'
          : table(
              ['base', 'name', 'licence', 'releases'],
              found.bases.map(({ id, name, licence }) => [
                ...[shortId(id), name, licence],
                (named.get(id) ?? []).map(release => `${release.name}:${release.tag}`).join(' '),
              ]),
            ),
      )
    })

  newCommand(coordinator, 'rotate-key')
    .description(
      'make a new key to sign with, and sign everything published with it; nodes follow, and addresses stay as they are',
    )
    .action(async options => {
      const context = new Context(options)
      const changed = await administer(context, 'rotate-key', {})
      context.terminal.note(
        'Stand-ins need a new copy of this folder: nodes pass over those that sign with the old key.',
      )
      context.terminal.result(changed, `coordinator ${changed.coordinator}`)
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
    .action(async ({ base, title, metric, holdOut, minimumItems, days, ...options }) => {
      const context = new Context(options)
      const published = await administer(context, 'task', {
        base,
        title,
        metric,
        holdOut,
        minimumItems,
        days,
      })
      context.terminal.result(published, `published task ${published.task}`)
    })

  newCommand(coordinator, 'reports')
    .description('the scores received so far')
    .action(async options => {
      const context = new Context(options)
      const reports = await administer(context, 'reports', {})
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

async function readFileOf(path: string): Promise<Buffer> {
  try {
    return await readFile(path)
  } catch (cause) {
    if (errorCode(cause) === 'ENOENT') throw new OppuError('NOT_FOUND', `there is no file ${path}`, { cause })
    throw cause
  }
}
