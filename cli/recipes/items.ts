/**
 * From mails to history items of the two tasks: an author's reply to a quoted message, and an author's subject line.
 *
 * The same rules hold for the demo's authors (authors.ts) and for everyone else (corpus.ts, where the embedded base
 * learns the tasks), so that base and adapters meet one form.
 */
import { createHash } from 'node:crypto'
import type { Mail } from './mail.ts'
import type { Pseudonyms } from './pseudonyms.ts'
import { cutAtSentence, parseReply, plainSubject } from './reply.ts'

export interface Item {
  readonly id: string
  /** ISO 8601, UTC. */
  readonly time: string
  readonly input: string
  readonly output: string
  readonly task: 'reply' | 'subject'
}

/** Characters: what an answer may have at most, what it must have, and the same for the text answered. */
export const LIMITS = {
  own: 600,
  ownLeast: 40,
  quoted: 400,
  quotedLeast: 20,
  body: 800,
  bodyLeast: 120,
  subjectLeast: 8,
}

export interface Letter {
  readonly mail: Mail
  /** The author's own text, footers cut, people hidden, whole. */
  readonly own: string
  readonly quoted: string
  readonly subject: string
}

/** Takes mails of one author apart; the lines that they end their letters with again and again are cut. */
export function lettersOf(mails: readonly Mail[], pseudonyms: Pseudonyms): Letter[] {
  const parsed = mails.map(mail => ({ mail, ...parseReply(mail.body) }))
  const bodies = parsed.map(({ own }) => own.split('\n'))
  // Each round cuts one line, so that a footer of several goes line by line.
  for (let round = 0; round < 8; round++) {
    const counts = new Map<string, number>()
    for (const lines of bodies) counts.set(lastLine(lines), (counts.get(lastLine(lines)) ?? 0) + 1)
    for (const lines of bodies) {
      const last = lastLine(lines)
      if (last !== '' && (counts.get(last)! >= 3 || pseudonyms.isSignOff(last))) dropLast(lines)
    }
  }
  return parsed.map(({ mail, quoted }, index) => ({
    mail,
    own: pseudonyms.hide(bodies[index]!.join('\n').trim()),
    quoted: pseudonyms.hide(quoted),
    subject: pseudonyms.hide(plainSubject(mail.subject)),
  }))
}

/** The reply task; undefined where the mail does not qualify: nothing quoted, or too little said. */
export function replyItem({ mail, own, quoted, subject }: Letter): Item | undefined {
  if (own.length < LIMITS.ownLeast || quoted.length < LIMITS.quotedLeast || !isProse(own)) return undefined
  const output = cutAtSentence(own, LIMITS.own)
  const input = `Write a reply.\nSubject: ${subject}\n\n${cutAtSentence(quoted, LIMITS.quoted)}`
  return { ...stamp(mail, 'reply'), input, output, task: 'reply' }
}

/** The subject task; undefined for replies (their subject is someone else's) and short texts. */
export function subjectItem({ mail, own, subject }: Letter): Item | undefined {
  if (mail.answers.length > 0 || /^\s*(?:\[[^\]]*\]\s*)?re\b/i.test(mail.subject)) return undefined
  if (own.length < LIMITS.bodyLeast || subject.length < LIMITS.subjectLeast || !isProse(own)) return undefined
  const input = `Write a subject line for this message.\n\n${cutAtSentence(own, LIMITS.body)}`
  return { ...stamp(mail, 'subject'), input, output: subject, task: 'subject' }
}

function stamp(mail: Mail, task: string): { id: string; time: string } {
  // A hash, so that the id leads to nobody's mail server.
  const id = createHash('sha256').update(`${task}\n${mail.id}`).digest('hex').slice(0, 16)
  return { id, time: new Date(mail.time).toISOString() }
}

/** Mostly letters and mostly ASCII: leaves out patches, tables, and languages other than English by and large. */
function isProse(text: string): boolean {
  const letters = text.match(/[A-Za-z ]/g)?.length ?? 0
  return letters >= 0.75 * text.length
}

function lastLine(lines: readonly string[]): string {
  return (lines.findLast(line => line.trim() !== '') ?? '').trim()
}

function dropLast(lines: string[]): void {
  while (lines.length > 0 && lines.at(-1)!.trim() === '') lines.pop()
  lines.pop()
}
