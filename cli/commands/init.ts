/** `oppu init`: makes the vault, and with it the node. */
import type { Command } from '@commander-js/extra-typings'
import { PersonalNode } from '../../node/node.ts'
import { Context, newCommand } from '../context.ts'

export function addInitCommand(program: Command): void {
  newCommand(program, 'init')
    .description('create this node: a vault that your passphrase opens, and an empty store')
    .action(async options => {
      const context = new Context(options)
      const passphrase = await context.passphrase({ isNew: true })
      const identity = await PersonalNode.init({ home: context.home, passphrase })
      context.terminal.result(
        { home: context.home, ...identity },
        [
          `Created the node in ${context.home}`,
          `user id    ${identity.userId}`,
          `recipient  ${identity.recipient}   (give it to whoever shall seal an adapter for you)`,
          'Keep the passphrase safe: without it nobody, you included, can open your history and adapters.',
        ].join('\n'),
      )
    })
}
