/** `oppu coordinator init|invite|invitations|revoke|members|expel|admit`: who belongs to a private community. */
import type { Command } from '@commander-js/extra-typings'
import { parseCoordinatorConfig } from '../../coordinator/config.ts'
import { INVITATION_LIMITS } from '../../protocol/limits.ts'
import { administer } from '../administer.ts'
import { Context, newCommand } from '../context.ts'
import { numberOption } from '../schema-options.ts'
import { table } from '../terminal.ts'

const DAY = 24 * 3600 * 1000

export function addCommunityCommands(coordinator: Command): void {
  newCommand(coordinator, 'init')
    .description('make the folder and the key of a coordinator; --private lets only invited nodes connect')
    .option('--private', 'only those whom you invite may connect, to this coordinator and to each other')
    .option('--network-key', 'with --private: also ask for a secret that comes with invitations')
    .action(async options => {
      const context = new Context(options)
      const isPrivate = options.private === true || options.networkKey === true
      const { makePrivate } = await import('../../coordinator/community.ts')
      await using opened = await open(context)
      const { membership } = opened
      if (isPrivate) await makePrivate(membership, { networkKey: options.networkKey === true })
      const result = {
        coordinator: opened.id,
        private: membership.isPrivate,
        networkKey: membership.networkKey !== undefined,
      }
      context.terminal.result(
        result,
        [
          `coordinator ${result.coordinator}`,
          result.private
            ? `private${result.networkKey ? ', with a network key' : ''}: invite with oppu coordinator invite`
            : 'open: everyone who knows its address may connect',
        ].join('\n'),
      )
    })

  newCommand(coordinator, 'invite')
    .description('sign an invitation and print it: whoever holds it can join, so pass it on in private')
    .addOption(
      numberOption('--uses <count>', {
        ...{ default: 1, minimum: 1, maximum: INVITATION_LIMITS.uses, whole: true },
        description: 'how many nodes may join with it',
      }),
    )
    .addOption(
      numberOption('--days <count>', {
        ...{ default: 7, minimum: 0.001, maximum: INVITATION_LIMITS.lifetimeMs / DAY },
        description: 'how long it can be used',
      }),
    )
    .option('--address <address...>', 'where to join (default: where the coordinator was reached last)')
    .action(async ({ uses, days, address, ...options }) => {
      const context = new Context(options)
      const invited = await administer(context, 'invite', {
        ...{ uses, days },
        ...(address === undefined ? {} : { addresses: address }),
      })
      context.terminal.note(`for ${plural(uses, 'node')}, until ${time(invited.expiresAt)}`)
      context.terminal.result(invited, invited.invitation)
    })

  newCommand(coordinator, 'invitations')
    .description('the invitations that were signed, and what became of them')
    .action(async options => {
      const context = new Context(options)
      const found = await administer(context, 'invitations', {})
      context.terminal.result(
        found,
        found.length === 0
          ? 'No invitation yet.'
          : table(
              ['invitation', 'used', 'expires', 'state'],
              found.map(({ id, used, uses, expiresAt, state }) => [
                ...[id.slice(0, 12), `${used} of ${uses}`, time(expiresAt), state],
              ]),
            ),
      )
    })

  newCommand(coordinator, 'revoke <invitation>')
    .description('let nobody join with an invitation any more: its text, or the first digits of its id')
    .action(async (wanted, options) => {
      const context = new Context(options)
      const revoked = await administer(context, 'revoke', { invitation: wanted })
      const { id, used } = revoked
      context.terminal.result(
        revoked,
        `revoked ${id.slice(0, 12)}; ${plural(used, 'node')} joined with it and ${used === 1 ? 'stays a member' : 'stay members'}`,
      )
    })

  newCommand(coordinator, 'members')
    .description('who belongs to the community')
    .action(async options => {
      const context = new Context(options)
      const found = await administer(context, 'members', {})
      context.terminal.result(
        found,
        found.length === 0
          ? 'No member yet.'
          : table(
              ['joined', 'peer', 'invitation'],
              found.map(({ peer, joinedAt, invitation }) => [
                ...[time(joinedAt), peer, invitation?.slice(0, 12) ?? ''],
              ]),
            ),
      )
    })

  newCommand(coordinator, 'expel <peer>')
    .description('take a member off the list: within half a minute every node refuses it')
    .action(async (wanted, options) => {
      const context = new Context(options)
      const expelled = await administer(context, 'expel', { peer: wanted })
      if (expelled.openInvitation !== undefined) {
        const id = expelled.openInvitation.slice(0, 12)
        context.terminal.note(
          `its invitation can still be used, under another key: oppu coordinator revoke ${id} ends that`,
        )
      }
      context.terminal.result(expelled, `expelled ${expelled.peer}`)
    })

  newCommand(coordinator, 'admit <peer>')
    .description('let a node in by its peer id, without an invitation; also one that was expelled')
    .action(async (peer, options) => {
      const context = new Context(options)
      const admitted = await administer(context, 'admit', { peer })
      context.terminal.result(admitted, `admitted ${admitted.peer}`)
    })
}

async function open(context: Context) {
  const { Coordinator } = await import('../../coordinator/coordinator.ts')
  const config = parseCoordinatorConfig({ listen: [] })
  return Coordinator.open({ ...config, home: context.coordinatorHome, signal: context.signal })
}

function time(ms: number): string {
  return new Date(ms).toISOString().slice(0, 16).replace('T', ' ')
}

function plural(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`
}
