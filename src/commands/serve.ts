import closeWithGrace, { type Options } from 'close-with-grace'
import { destination } from 'pino'
import { openAuthtoken } from '../open-authtoken.js'
import { openOptions } from '../service/open-options.js'
import { buildServer } from '../service/server.js'
import { loadSettings, type Settings } from '../service/settings.js'
import { CommandError, refuseUnready, type Terminal } from './terminal.js'

const CLOSE_TIMEOUT_MS = 10_000
// 4 KiB are what a pipe takes whole, so that the lines of several processes do not mix.
const LOG_BUFFER = { minLength: 4095, maxWrite: 4096, periodicFlush: 100 }

/** Runs the service until it is told to stop; requests that were accepted are answered first. */
export async function serve (terminal: Terminal): Promise<void> {
  const settings = loadSettings(terminal.env)
  if (settings.WORKERS === 1) {
    await runService(settings)
    return
  }
  const { isPrimary, runWorker, startWorkers } = await import('../service/workers.js')
  await (isPrimary ? startWorkers(settings, CLOSE_TIMEOUT_MS) : runWorker((skip) => runService(settings, skip)))
}

/** Runs it in this process. @param skip signals that do not stop it. @returns how to stop it */
async function runService (settings: Settings, skip: NonNullable<Options['skip']> = []): Promise<() => void> {
  // A write for each line costs up to 1 ms while passwords are hashed: the writing thread takes the core from the requests.
  const stream = destination({ dest: 1, sync: false, ...LOG_BUFFER })
  const authtoken = await openAuthtoken(openOptions(settings))
  try {
    await refuseUnready(authtoken)
  } catch (error) {
    await authtoken.close()
    throw error
  }
  const server = await buildServer(settings, authtoken, { stream })
  try {
    await server.listen({ host: settings.HOST, port: settings.PORT })
  } catch (error) {
    await server.close()
    throw new CommandError(LISTEN_PROBLEMS[(error as NodeJS.ErrnoException).code ?? '']?.(settings) ?? (error as Error).message)
  }
  const { close } = closeWithGrace({ delay: CLOSE_TIMEOUT_MS, logger: server.log, skip }, async ({ err }) => {
    if (err !== undefined) server.log.error(err, 'stopped by an error')
    await server.close()
  })
  return close
}

const LISTEN_PROBLEMS: Record<string, (settings: { HOST: string, PORT: number }) => string> = {
  EADDRINUSE: ({ HOST, PORT }) => `PORT ${PORT} on ${HOST} is in use by another program; choose another`,
  EACCES: ({ PORT }) => `PORT ${PORT} may not be used by this user; choose one above 1023`,
  EADDRNOTAVAIL: ({ HOST }) => `HOST ${HOST} is not an address of this machine`,
  ENOTFOUND: ({ HOST }) => `HOST ${HOST} is not known`
}
