//! The JSON of the HTTP API, shared by the service that answers it and the
//! clients that call it.

mod board;
mod changes;
mod map;
mod me;
mod ops;
mod pages;
mod parts;
mod photos;
mod problem;
mod recipes;
mod traces;
mod uploads;

pub use board::{
    FailureFigure, Minute, StageFigures, Standing, StandingPhoto, StandingPhotos, Step, StepFigure,
    Summary, Watched,
};
pub use changes::{Change, Changes};
pub use map::{MapCluster, MapPlace, MapPlaces, MapPoint};
pub use me::{Me, MeEdit, Quota, SignIn};
pub use ops::{
    AuditList, AuditView, DeadLetter, DeadLetters, FailedStage, FailureGroup, FailureList,
    MoveBack, MovedBack, Reconcile, Reconciled, Redrive, Redriven, StageView, Stages,
};
pub use pages::{PhotoEdit, PhotoPage};
pub use parts::{Completed, HeldParts, PartSpec, PartsRequest, SignedPart, SignedParts};
pub use photos::{Camera, FailureView, PhotoView, PlaceView, Position, RenditionView};
pub use problem::Problem;
pub use recipes::{AppliedRecipe, ApplyRecipe, RecipeView, SizeView};
pub use traces::{Trace, TraceList, TraceSpan, TraceSummary};
pub use uploads::{
    EntryAnswer, Manifest, ManifestAnswer, ManifestEntry, Multipart, Refusal, Upload,
};
