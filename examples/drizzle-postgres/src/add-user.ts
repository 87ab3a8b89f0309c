import { app, db } from './app.js'
import { users } from './schema.js'

const [email, password] = process.argv.slice(2)
if (email === undefined || password === undefined) throw new Error('npm run add-user <email> <password>')

await db.insert(users).values({ email, passwordHash: await app.authtoken.passwords.hash(password) })
await app.close()
