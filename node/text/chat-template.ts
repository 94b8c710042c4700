/**
 * A model's own chat template: messages to the text that the model was trained to see.
 *
 * Rendered by @huggingface/jinja. A template is a program from whoever published the base: it can only make text
 * from what it is given here, and a clock is not among that (`strftime_now` is hidden, so templates that print a
 * date fall back to their fixed one, and the same messages always give the same text).
 * The text spells its special tokens out: encode it without `specialTokens`.
 */
import { Template } from '@huggingface/jinja'
import { OppuError } from '../../protocol/errors.ts'

export interface Message {
  readonly role: 'system' | 'user' | 'assistant'
  readonly content: string
}

export interface ChatTemplate {
  /**
   * The text of `messages`; with `addGenerationPrompt` (default false) it ends where the assistant's answer begins.
   * @throws OppuError INVALID_DATA where the template refuses these messages (roles that do not alternate, ...).
   */
  render(messages: readonly Message[], options?: { readonly addGenerationPrompt?: boolean }): string
}

/**
 * For bases without a template: contents one after the other, a blank line between, and the end-of-text token after
 * what the assistant said. Plain language models were trained on running text, so no role names are put in.
 */
export const PLAIN_TEMPLATE =
  "{{ bos_token }}{% for message in messages %}{{ message['content'] }}" +
  "{% if message['role'] == 'assistant' %}{{ eos_token }}{% else %}{{ '\\n\\n' }}{% endif %}{% endfor %}"

/** The package offers every template the time of day; this makes the name undefined again, before the template runs. */
const WITHOUT_CLOCK = '{% set strftime_now = no_clock %}'

/**
 * Compiles a template; `bosToken` and `eosToken` are what it may print as `bos_token` and `eos_token`.
 * @throws OppuError INVALID_DATA where it does not parse.
 */
export function chatTemplate(
  source: string,
  tokens: { readonly bosToken?: string; readonly eosToken?: string },
): ChatTemplate {
  const template = attempt('the chat template does not parse', () => new Template(source))
  template.parsed.body.unshift(...new Template(WITHOUT_CLOCK).parsed.body)
  return {
    render(messages, { addGenerationPrompt = false } = {}) {
      return attempt('the chat template refuses these messages', () =>
        template.render({
          messages: messages.map(({ role, content }) => ({ role, content })),
          add_generation_prompt: addGenerationPrompt,
          bos_token: tokens.bosToken ?? '',
          eos_token: tokens.eosToken ?? '',
        }),
      )
    },
  }
}

function attempt<T>(what: string, act: () => T): T {
  try {
    return act()
  } catch (cause) {
    throw new OppuError(
      'INVALID_DATA',
      `${what}: ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause },
    )
  }
}
