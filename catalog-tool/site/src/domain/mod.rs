//! What a catalogue is and what may be done with it. It knows neither HTTP nor SQL.

mod ckan;
mod dataset;
mod name;
mod package;
mod publication;
mod publisher;
mod readiness;
mod store;

pub use self::{
    ckan::{ORIGIN, Organization, SiteFacts, time_text},
    dataset::{
        Author, Content, Dataset, NewDataset, Side, State, Summary, VersionSummary, ViewIds,
    },
    name::{NameError, PackageName},
    package::{Location, Origin, Package, Resource, Shown},
    publication::{
        Digest, Fault, Hitch, Part, Publication, PublicationState, Setback, Step, StepError,
        idempotency_key,
    },
    publisher::{Creation, DataReader, EventRecorder, Plan, Planner, Publisher, PublisherStore},
    readiness::{Check, MOST_PLACES, Outcome, Said, Subject, Surroundings},
    store::{
        Change, ChangeError, DatasetStore, Filter, OriginChange, Progress, PublicationStore,
        SiteStore, StoreError,
    },
};
