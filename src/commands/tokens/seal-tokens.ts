import { sealTokens as sealAllTokens } from '../../tokens/sealing.js'
import { askConfirmation, showProgress } from '../prompts.js'
import { answer, CommandError, type CommonFlags, print, refuseToAsk, type Terminal, withAuthtoken } from '../terminal.js'

const WARNING = 'Sealing stores a digest in the place of each DRF token. Clients go on with the tokens they have. ' +
  'A Django that still runs on this database will reject them.'

/** Turns all DRF tokens into digests. Clients notice nothing; a Django on the same database does. */
export async function sealTokens (terminal: Terminal, options: CommonFlags): Promise<void> {
  refuseToAsk(terminal, options, '')
  await withAuthtoken(terminal, async ({ database }) => {
    const { db, tables: { authtokenToken } } = database
    if (!options.json) print(terminal, WARNING)
    const isWanted = options.noinput || await askConfirmation(terminal, 'Seal all DRF tokens? There is no way back.')
    if (!isWanted) throw new CommandError('Operation cancelled.')
    const bar = await showProgress(terminal, options, 'Sealing', () => database.run(() => db.$count(authtokenToken)))
    const sealed = await sealAllTokens(database, ({ sealed }) => bar?.reach(sealed))
    bar?.stop('Nothing is left in clear')
    answer(terminal, options, { sealed }, `Sealed ${sealed} tokens`)
  })
}
