//! The chains of one command: each opened once, at one block, and read in few requests.
//!
//! In: chains to open, values to read. Out: what they say, or why not. Reads of one round on one chain share a request where
//! the node offers that.

use crate::chain::Endpoint;
use crate::chain::names::SystemNames;
use crate::chain::reader::{At, Reader};
use crate::config::SecretUrl;
use crate::config::endpoint::name_endpoints;
use crate::domain::call::Node;
use crate::domain::{ChainId, ParaId, UnixMs};
use crate::runbook::draft::{Draft, Opened, Seen};
use crate::runbook::expr::Slot;
use crate::runbook::plan::ChainFacts;
use crate::runbook::reads::{Answer, MAX_ENTRIES, Target, Wanted, What};
use crate::runbook::recipe::{Moment, ParamKind};
use crate::runtime::compose::Base;
use crate::runtime::{glance, sources};
use futures::future::join_all;
use std::collections::BTreeMap;
use std::time::Duration;

/// Most that opening the node of a para may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// A chain at a block.
struct Station {
    reader: Reader,
    /// The block's own timestamp.
    stamp: Option<UnixMs>,
}

type Key = (Target, Moment);

/// The chains of one command.
pub struct Stations<'p> {
    plan: &'p sources::Plan,
    base: &'p Base,
    opened: BTreeMap<Key, Result<Station, String>>,
    /// A node of the para itself, as it was given.
    para: Option<SecretUrl>,
    /// Most that opening a chain may take, over all its endpoints.
    patience: Duration,
}

impl<'p> Stations<'p> {
    /// No chain is open; opening one may take `patience`, over all its endpoints.
    #[must_use]
    pub fn new(plan: &'p sources::Plan, base: &'p Base, patience: Duration) -> Self {
        Self { plan, base, opened: BTreeMap::new(), para: None, patience }
    }

    /// What is watched.
    pub(super) fn plan(&self) -> &sources::Plan {
        self.plan
    }

    /// What is known of a chain so far.
    pub fn find<'s>(&'s self, target: &Target, at: Moment) -> Option<Result<Opened<'s>, String>> {
        let station = self.opened.get(&(target.clone(), at))?;
        Some(
            station
                .as_ref()
                .map_err(Clone::clone)
                .map(|station| Opened { runtime: station.reader.runtime(), token: token(&station.reader) }),
        )
    }

    /// Takes the address of the para's own node from the parameters.
    pub(super) fn endpoint_of_para(&mut self, draft: &Draft<'_>) {
        let url = draft.recipe().params.iter().filter(|p| p.kind == ParamKind::Url).find_map(|param| {
            match draft.scope.slots.get(param.name.get_ref()) {
                Some(Slot::Known { node: Node::Text(url), .. }) => url.parse().ok(),
                _ => None,
            }
        });
        self.para = url;
    }

    /// Opens these chains, all at once; those that are open stay as they are.
    pub async fn open(&mut self, keys: &[Key]) {
        let new: Vec<&Key> = keys.iter().filter(|key| !self.opened.contains_key(key)).collect();
        let (this, limit) = (&*self, self.patience);
        let opened = join_all(new.iter().map(|key| async move {
            match tokio::time::timeout(limit, this.open_one(key)).await {
                Ok(opened) => opened,
                Err(_) => Err(format!("{}: no answer in {} s", key.0, limit.as_secs())),
            }
        }))
        .await;
        let new: Vec<Key> = new.into_iter().cloned().collect();
        self.opened.extend(new.into_iter().zip(opened));
    }

    async fn open_one(&self, (target, at): &Key) -> Result<Station, String> {
        let which = if *at == Moment::Best { At::Best } else { At::Finalized };
        let reader = match target {
            Target::Chain(id) => {
                glance::open(self.plan, self.base, &ChainId::from(id.as_str()), which).await?
            }
            Target::Para(id) => self.open_para(*id, which).await?,
        };
        let key = reader.runtime().key("Timestamp", "Now").ok();
        let stamp = match key {
            Some(key) => {
                reader.values(&[key]).await.ok().and_then(|values| values.into_iter().next().flatten())
            }
            None => None,
        };
        let stamp =
            stamp.and_then(|bytes| <[u8; 8]>::try_from(bytes.as_slice()).ok()).map(u64::from_le_bytes);
        let stamp = stamp.and_then(|ms| i64::try_from(ms).ok()).filter(|ms| *ms > 0).map(UnixMs);
        Ok(Station { reader, stamp })
    }

    /// The para's own node: as it was given, else the profile's.
    async fn open_para(&self, id: u32, which: At) -> Result<Reader, String> {
        let Some(url) = &self.para else {
            return match self.plan.network.para(ParaId(id)) {
                Some(spec) => glance::open(self.plan, self.base, &spec.id, which).await,
                None => {
                    Err(format!("no node of para {id} is known: give one with --param para_endpoint=wss://…"))
                }
            };
        };
        let named = name_endpoints(vec![url.clone()]);
        let endpoint = named.first().ok_or("no address was given")?;
        let endpoint = Endpoint::new(endpoint.id.clone(), url.expose().to_owned());
        let opened =
            Reader::open(&endpoint, &SystemNames, (self.base.clock.clone(), &self.base.known), (which, None));
        let reader = match tokio::time::timeout(PATIENCE, opened).await {
            Ok(Ok(reader)) => reader,
            Ok(Err(e)) => return Err(format!("{}: {e}", endpoint.id)),
            Err(_) => return Err(format!("{}: no answer in {} s", endpoint.id, PATIENCE.as_secs())),
        };
        match reader.identity().para_id {
            Some(found) if found != ParaId(id) => {
                Err(format!("{} is a node of para {found}, not of para {id}", endpoint.id))
            }
            Some(_) => Ok(reader),
            None => Err(format!(
                "{} does not say that it is a node of para {id}: it has no ParachainInfo",
                endpoint.id
            )),
        }
    }

    fn station(&self, target: &Target, at: Moment) -> Option<&Station> {
        self.opened.get(&(target.clone(), at))?.as_ref().ok()
    }

    /// A chain that is open.
    #[must_use]
    pub fn reader(&self, target: &Target, at: Moment) -> Option<&Reader> {
        self.station(target, at).map(|station| &station.reader)
    }

    /// The same, taken out of here.
    pub fn take(&mut self, target: &Target, at: Moment) -> Option<Reader> {
        self.opened.remove(&(target.clone(), at))?.ok().map(|station| station.reader)
    }

    /// Why a chain is not open.
    #[must_use]
    pub fn refusal(&self, target: &Target, at: Moment) -> Option<&str> {
        self.opened.get(&(target.clone(), at))?.as_ref().err().map(String::as_str)
    }

    /// Where a value stands.
    pub(super) fn seen(&self, wanted: &Wanted) -> Seen {
        let station = self.station(&wanted.target, wanted.at);
        Seen {
            chain: wanted.target.clone(),
            source: wanted.source(),
            block: station.map(|s| s.reader.at()),
            stamp: station.and_then(|s| s.stamp),
        }
    }

    /// Reads these values: of each chain all keys in one request.
    pub async fn read(&self, wanted: &[Wanted]) -> Vec<(Wanted, Result<(Node, bool), String>)> {
        let mut by_chain: BTreeMap<Key, Vec<&Wanted>> = BTreeMap::new();
        for one in wanted {
            by_chain.entry((one.target.clone(), one.at)).or_default().push(one);
        }
        let read = by_chain.into_iter().map(|((target, at), list)| async move {
            match self.reader(&target, at) {
                Some(reader) => of_chain(reader, &list).await,
                None => {
                    let why = self.refusal(&target, at).unwrap_or("the chain is not open").to_owned();
                    list.into_iter().map(|one| (one.clone(), Err(why.clone()))).collect()
                }
            }
        });
        join_all(read).await.into_iter().flatten().collect()
    }

    /// What the plan says of a chain.
    pub(super) fn facts(&self, target: &Target) -> Result<ChainFacts, String> {
        let Some(station) = self.station(target, Moment::Best) else {
            let why = self.refusal(target, Moment::Best).unwrap_or("it was not read");
            return Err(format!("{target}: {why}"));
        };
        let (reader, version) = (&station.reader, station.reader.version());
        Ok(ChainFacts {
            id: target.to_string(),
            genesis: reader.identity().genesis,
            code_hash: version.code_hash,
            spec_name: version.spec_name.to_string(),
            spec_version: version.spec_version,
            at: reader.at(),
            stamp: station.stamp,
            ss58_prefix: reader.identity().ss58_prefix,
            token: token(reader),
        })
    }

    /// An address of a chain that may be shown.
    pub(super) fn endpoint(&self, target: &Target) -> Option<String> {
        let Target::Chain(id) = target else { return None };
        let first = self.plan.endpoints.get(&ChainId::from(id.as_str()))?.first()?;
        first.id.as_str().split([' ', '#']).next().map(str::to_owned)
    }
}

fn token(reader: &Reader) -> Option<(String, u8)> {
    let token = reader.identity().token.as_ref()?;
    Some((token.symbol.to_string(), u8::try_from(token.decimals).ok()?))
}

async fn of_chain(reader: &Reader, list: &[&Wanted]) -> Vec<(Wanted, Result<(Node, bool), String>)> {
    let keys: Vec<Vec<u8>> = list
        .iter()
        .filter_map(|one| match &one.what {
            What::Storage(key) => Some(key.clone()),
            _ => None,
        })
        .collect();
    let values = if keys.is_empty() { Ok(Vec::new()) } else { reader.values(&keys).await };
    let stored: Result<BTreeMap<Vec<u8>, Option<Vec<u8>>>, String> =
        values.map(|values| keys.into_iter().zip(values).collect()).map_err(|e| e.to_string());
    let one = |wanted: &Wanted| {
        let (wanted, stored) = (wanted.clone(), &stored);
        async move {
            let answer = answer(reader, &wanted, stored).await;
            let value = answer.and_then(|answer| wanted.decode(reader.runtime(), &answer));
            (wanted, value)
        }
    };
    join_all(list.iter().map(|wanted| one(wanted))).await
}

async fn answer(
    reader: &Reader,
    wanted: &Wanted,
    stored: &Result<BTreeMap<Vec<u8>, Option<Vec<u8>>>, String>,
) -> Result<Answer, String> {
    match &wanted.what {
        What::Storage(key) => stored.clone().map(|values| Answer::Value(values.get(key).cloned().flatten())),
        What::Entries(prefix) => {
            let keys = reader.keys(prefix, None, MAX_ENTRIES + 1).await.map_err(|e| e.to_string())?;
            if keys.len() > MAX_ENTRIES {
                return Err(format!("{} has more than {MAX_ENTRIES} entries", wanted.item));
            }
            let values = reader.values(&keys).await.map_err(|e| e.to_string())?;
            let entries = keys.into_iter().zip(values).filter_map(|(key, value)| Some((key, value?)));
            Ok(Answer::Entries(entries.collect()))
        }
        What::Api(input) => {
            reader.api(&wanted.method(), input).await.map(Answer::Bytes).map_err(|e| e.to_string())
        }
        What::Constant => Ok(Answer::Nothing),
        What::Code => match reader.version().code_hash {
            Some(hash) => Ok(Answer::Code(hash.0)),
            None => Err("the node does not say which code runs".to_owned()),
        },
        What::Header => Ok(Answer::Header {
            number: reader.at().number,
            hash: reader.at().hash.0,
            parent: reader.header().parent.0,
            encoded: reader.header_bytes().to_vec(),
        }),
    }
}
