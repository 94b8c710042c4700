/**
 * E-mail: mbox files and single messages (.eml), parsed by postal-mime. Only messages of `author` become items;
 * whose mail is whose cannot be guessed, so the option is required.
 *
 * `text`: what they wrote, in answer to what they quoted (or to nothing but the subject). `subject`: how they
 * titled it, given what they wrote; replies are passed over, because their subject is somebody else's. mbox.ts
 * splits, mail-text.ts finds the author's own lines.
 */
import PostalMime, { type Email } from 'postal-mime'
import { OppuError } from '../../../protocol/errors.ts'
import { type Imported, type ImportOptions, imported } from './importer.ts'
import { htmlText, ownSubject, ownText, quotedText } from './mail-text.ts'
import { MAX_MESSAGE_BYTES, type RawMessage, splitMbox } from './mbox.ts'

/**
 * Task `mail-text` or `mail-subject` unless the options name one. @throws OppuError INVALID_ARGUMENT without an
 * author.
 */
export async function* importMbox(
  bytes: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  options: ImportOptions,
): AsyncGenerator<Imported> {
  const isAuthor = authorFilter(options)
  let number = 0
  for await (const message of splitMbox(bytes)) {
    options.signal?.throwIfAborted()
    yield await importMessage(message, ++number, isAuthor, options)
  }
}

/** One message, the whole of `bytes`. */
export async function* importEml(
  bytes: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  options: ImportOptions,
): AsyncGenerator<Imported> {
  const isAuthor = authorFilter(options)
  const parts: Uint8Array[] = []
  let size = 0
  for await (const part of bytes) {
    size += part.length
    if (size <= MAX_MESSAGE_BYTES) parts.push(part)
  }
  if (size === 0) return
  const whole = size <= MAX_MESSAGE_BYTES ? Buffer.concat(parts) : undefined
  yield await importMessage({ line: 1, bytes: whole, delivered: undefined }, 1, isAuthor, options)
}

async function importMessage(
  { line, bytes, delivered }: RawMessage,
  number: number,
  isAuthor: (email: Email) => boolean,
  options: ImportOptions,
): Promise<Imported> {
  if (!bytes)
    return { kind: 'refused', line, reason: `the message is longer than ${MAX_MESSAGE_BYTES} bytes` }
  let email: Email
  try {
    email = await PostalMime.parse(bytes)
  } catch (error) {
    return {
      kind: 'refused',
      line,
      reason: `the message cannot be parsed (${error instanceof Error ? error.message : String(error)})`,
    }
  }
  if (!email.from) return { kind: 'refused', line, reason: 'the message has no From header' }
  if (!isAuthor(email)) return { kind: 'skipped', line, reason: 'by somebody else' }
  const text = email.text ?? htmlText(email.html ?? '')
  const own = ownText(text)
  if (own === '') return { kind: 'skipped', line, reason: 'no words of the author in it' }
  const { subject, reply } = ownSubject(email.subject ?? '')
  const sent = Date.parse(email.date ?? '')
  const time = Number.isNaN(sent) ? (delivered ?? options.time + number) : sent
  const source = `${options.source}:${line}`
  if (options.mail === 'subject') {
    if (reply) return { kind: 'skipped', line, reason: "a reply: its subject is not the author's" }
    if (subject === '') return { kind: 'skipped', line, reason: 'no subject' }
    const input = `Write the subject line of this e-mail:\n\n${own}`
    return imported(line, { time, input, output: subject, task: options.task ?? 'mail-subject', source })
  }
  const quoted = quotedText(text)
  const input =
    quoted === '' ? `Write an e-mail with the subject: ${subject}` : `Answer this e-mail:\n\n${quoted}`
  return imported(line, { time, input, output: own, task: options.task ?? 'mail-text', source })
}

function authorFilter({ author }: ImportOptions): (email: Email) => boolean {
  const wanted = author?.trim().toLowerCase()
  if (!wanted)
    throw new OppuError(
      'INVALID_ARGUMENT',
      "mail holds many people's words: name yours (--author ADDRESS or NAME)",
    )
  return ({ from }) => from?.address?.toLowerCase() === wanted || from?.name.toLowerCase() === wanted
}
