/** `oppu node`: this node among its peers. */
import { once } from 'node:events'
import type { Command } from '@commander-js/extra-typings'
import { NODE_SCHEMA } from '../../node/config.ts'
import { OppuError } from '../../protocol/errors.ts'
import { shortId } from '../../protocol/ids.ts'
import { Context, newCommand } from '../context.ts'
import { bytesPerSecond, rateOption } from '../schema-options.ts'
import { table } from '../terminal.ts'

export function addNodeCommands(program: Command): void {
  const node = program.command('node').description('this node among its peers')

  newCommand(node, 'join <invitation...>')
    .description(
      "join a community: by an invitation, or by the address of a coordinator whose community is open; both hold the key that the coordinator's signatures are checked with",
    )
    .allowUnknownOption() // a line of a wrapped invitation may begin with a dash
    .action(async (words, options) => {
      const context = new Context(options)
      const unknown = words.find(word => word.startsWith('-'))
      if (unknown !== undefined && !words[0]!.startsWith('oppu-invite-'))
        throw new OppuError('INVALID_ARGUMENT', `unknown option ${JSON.stringify(unknown.slice(0, 80))}`)
      await context.withNode(async node => {
        // An invitation that was wrapped on its way comes as several words.
        const joined = await (await node.peering()).join(words.join(' '), { signal: context.signal })
        const { coordinator, members, bases, tasks } = joined
        const who =
          members === undefined ? 'open to everyone' : `private, ${members} member${members === 1 ? '' : 's'}`
        context.terminal.result(
          joined,
          `joined ${coordinator} (${who}): ${bases.length} bases, ${tasks.length} tasks, all signatures good`,
        )
      })
    })

  newCommand(node, 'stand-ins [address...]')
    .description(
      'where else the coordinator, or a stand-in with the same keys, may be reached: shows, or with addresses sets, the list',
    )
    .option('--none', 'forget them all')
    .action(async (addresses, options) => {
      const context = new Context(options)
      if (addresses.length > 0 && options.none)
        throw new OppuError('INVALID_ARGUMENT', 'give addresses or --none, not both')
      await context.withNode(async node => {
        const peering = await node.peering()
        const set = options.none ? [] : addresses
        const standIns = await (set.length > 0 || options.none ? peering.standIns(set) : peering.standIns())
        context.terminal.result({ standIns }, standIns.length === 0 ? 'No stand-ins.' : standIns.join('\n'))
      })
    })

  newCommand(node, 'show')
    .description('who you are to others: your user id, and the key that adapters are sealed to for you')
    .action(async options => {
      const context = new Context(options)
      await context.withNode(async node => {
        const { userId, recipient } = await node.identity()
        context.terminal.result(
          { home: node.home, userId, recipient },
          [`home       ${node.home}`, `user id    ${userId}`, `recipient  ${recipient}`].join('\n'),
        )
      })
    })

  newCommand(node, 'audit')
    .description('what left this node: what kind, to whom, how much, when (never what was in it)')
    .action(async options => {
      const context = new Context(options)
      await context.withNode(async node => {
        const entries = await node.audit()
        context.terminal.result(
          entries,
          entries.length === 0
            ? 'Nothing has left this node.'
            : table(
                ['from', 'category', 'messages', 'bytes', 'to peer'],
                entries.map(({ from, category, messages, bytes, peer }) => [
                  ...[
                    new Date(from).toISOString().slice(0, 19),
                    category,
                    String(messages),
                    String(bytes),
                    peer,
                  ],
                ]),
              ),
        )
      })
    })

  newCommand(node, 'reports')
    .description('the scores that you have given away')
    .action(async options => {
      const context = new Context(options)
      await context.withNode(async node => {
        const reports = await (await node.reports()).list()
        context.terminal.result(
          reports,
          reports.length === 0
            ? 'No scores were reported.'
            : table(
                ['sent', 'task', 'adapter', 'items', 'LL base', 'LL own', 'LL other'],
                reports.map(({ sentAt, taskId, adapterId, items, logLikelihood: { base, own, other } }) => [
                  ...[
                    new Date(sentAt).toISOString().slice(0, 16),
                    shortId(taskId),
                    shortId(adapterId),
                    String(items),
                  ],
                  ...[base, own].map(value => value.toFixed(4)),
                  other?.toFixed(4) ?? '',
                ]),
              ),
        )
      })
    })

  newCommand(node, 'start')
    .description('provide the bases of this node to peers until Ctrl-C')
    .option(
      '--listen <address...>',
      `where to listen (default: listen of config.json, or ${NODE_SCHEMA.listen.default.join(' ')})`,
    )
    .option('--announce <address...>', 'addresses to tell others, where they differ from those listened on')
    .addOption(rateOption('--upload-limit <MB>', 'upload'))
    .option('--relay', "carry others' connections, sealed end to end, to peers that cannot be dialled")
    .action(async options => {
      const context = new Context(options)
      const { terminal, signal } = context
      await context.withNode(async node => {
        await using providing = await (await node.peering()).start({
          ...(options.listen === undefined ? {} : { listen: options.listen }),
          ...(options.relay === undefined ? {} : { relay: options.relay }),
          ...(options.announce === undefined ? {} : { announce: options.announce }),
          uploadLimit: bytesPerSecond(options.uploadLimit),
          onNote: text => terminal.note(text),
          signal,
        })
        const { peer, addresses, bases } = providing
        terminal.result(
          { peer, addresses, bases },
          [`peer ${peer}`, ...addresses, `providing ${bases.length} bases; Ctrl-C stops`].join('\n'),
        )
        if (!signal.aborted) await once(signal, 'abort')
      })
    })
}
