/** `oppu generate`: text from a base, with or without an adapter. */
import type { Command } from '@commander-js/extra-typings'
import { Context, deviceOption, newCommand } from '../context.ts'
import { numberOption } from '../schema-options.ts'

export function addGenerateCommand(program: Command): void {
  newCommand(program, 'generate <prompt>')
    .description('answer a prompt with the base, through your adapter where one is named')
    .option('--base <base>', "which base (default: the adapter's, or the only one there is)")
    .option(
      '--adapter <adapter>',
      'which adapter; "latest" is the one in use, "none" the base alone',
      'latest',
    )
    .option('--raw', 'continue the text as it is, without the chat template')
    .addOption(
      numberOption('--max-tokens <count>', {
        ...{ default: 128, minimum: 1, maximum: 1e9, whole: true },
        description: 'at most this many tokens',
      }),
    )
    .addOption(
      numberOption('--temperature <t>', {
        ...{ default: 0, maximum: 100 },
        description: '0 takes the likeliest token each time',
      }),
    )
    .addOption(
      numberOption('--top-k <k>', {
        ...{ default: 0, maximum: 1e9, whole: true },
        description: 'sample among the k likeliest; 0: all',
      }),
    )
    .addOption(
      numberOption('--top-p <p>', {
        ...{ default: 1, minimum: 0.001, maximum: 1 },
        description: 'sample among the likeliest that together reach p',
      }),
    )
    .addOption(numberOption('--seed <seed>', { default: 0, whole: true, description: 'for sampling' }))
    .addOption(deviceOption())
    .action(async (prompt, options) => {
      const context = new Context(options)
      const { terminal, signal } = context
      await context.withNode(async node => {
        let text = ''
        const { base, adapter, raw, maxTokens, temperature, topK, topP, seed, device } = options
        const learning = await node.learning()
        for await (const piece of learning.generate({
          prompt,
          ...(base === undefined ? {} : { base }),
          adapter,
          raw: raw ?? false,
          maxTokens,
          seed,
          sampling: { temperature, topK, topP },
          device,
          onNote: note => terminal.note(note),
          signal,
        })) {
          text += piece
          terminal.piece(piece)
        }
        terminal.result({ text }, '')
      })
    })
}
