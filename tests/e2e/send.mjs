// Signs call data as //Alice with polkadot-js, sends it, and prints what became of it as one line of JSON.
//
//   npm ci --prefix tests/e2e && node tests/e2e/send.mjs ws://127.0.0.1:9944 0x…
//   node tests/e2e/send.mjs ws://127.0.0.1:9944 break PARA HEAD      what breaks a parachain: sudo(Paras.force_set_current_head)
//
// For the tests on nodes of this machine alone: the key is the one everybody knows.
import { ApiPromise, Keyring, WsProvider } from '@polkadot/api';

const [url, what, para, head] = process.argv.slice(2);
const limit = setTimeout(() => {
  console.error('not in a block after 240 s');
  process.exit(1);
}, 240_000);
const api = await ApiPromise.create({ provider: new WsProvider(url), noInitWarn: true });
const alice = new Keyring({ type: 'sr25519' }).addFromUri('//Alice');
const call =
  what === 'break'
    ? api.tx.sudo.sudo(api.tx.paras.forceSetCurrentHead(Number(para), head))
    : api.tx(api.createType('Call', what));

const done = await new Promise((resolve, reject) => {
  call
    .signAndSend(alice, (result) => {
      if (result.isInBlock) resolve(result);
      else if (result.isError) reject(new Error(`the pool says ${result.status.type}`));
    })
    .catch(reject);
}).catch((error) => {
  console.error(error.message);
  process.exit(1);
});
const said = ({ event: { section, method, data } }) => ({ event: `${section}.${method}`, data: data.toHuman() });
console.log(
  JSON.stringify({
    block: done.status.asInBlock.toHex(),
    call: call.method.toHex(),
    failed: done.dispatchError ? done.dispatchError.toString() : null,
    events: done.events.map(said),
  }),
);
clearTimeout(limit);
process.exit(0);
