import { readFile } from 'node:fs/promises'
import { LabError } from '../../core/index.ts'
import { readRecord } from '../../report/index.ts'
import type { Command } from '../command.ts'
import { EXIT, UsageError } from '../exit-codes.ts'
import { checkOutputs, FORMATS, renderAs, writeOutputs } from '../writers.ts'

/** `lab report`: writes a stored record in another format. */
export const reportCommand: Command = {
  name: 'report',
  summary: 'Turn a stored record into HTML, Markdown, JUnit XML or CSV',
  args: {
    record: { type: 'positional', description: 'The record, as --json or --out wrote it.' },
    out: {
      type: 'string',
      valueHint: 'file',
      description:
        'File to write; its extension sets the format (.html, .md, .xml, .csv, .json). Repeatable.',
    },
    format: {
      type: 'string',
      valueHint: 'name',
      description: 'Print in this format instead: html, md (default), xml, csv.',
    },
  },
  examples: [
    'tollgate lab report run.json --out report.html',
    'tollgate lab report run.json --format md',
  ],
  run: async ({ args, terminal }) => {
    const path = args.required('record')
    const outputs = args.texts('out')
    await checkOutputs(outputs)
    const format = args.text('format') ?? 'md'
    if (!FORMATS.includes(format)) {
      throw new UsageError(`--format: unknown form ${format}`, `One of: ${FORMATS.join(', ')}.`)
    }
    const record = readRecord(await readText(path), path)
    await writeOutputs(record, outputs)
    if (outputs.length === 0 || args.text('format') !== undefined) {
      await terminal.out(await renderAs(format, record))
    }
    return EXIT.ok
  },
}

/** The text of a file the user named. */
export async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    throw new LabError(`cannot read ${path}: ${(error as Error).message}`)
  }
}
