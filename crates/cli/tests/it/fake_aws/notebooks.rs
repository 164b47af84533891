//! Its notebooks.

use v2only_enforcer::ports::{
    Answer, DescribeNotebook, ListNotebooks, Page, RestoreNotebook, StartNotebook, StopNotebook, TagNotebook,
    UpdateNotebook,
};
use v2only_policy::notebook::{MinimumVersion, Notebook};
use v2only_policy::{NotebookName, Place, Tags};

use super::FakeAws;

impl RestoreNotebook for FakeAws {
    async fn allow_version_1(&self, place: &Place, name: &NotebookName) -> Answer<()> {
        self.call("sagemaker:UpdateNotebookInstance", Some(place), format!("{name} back to version 1"))?;
        let mut state = self.state();
        let it = state.notebooks.get_mut(&(place.region.clone(), name.clone())).unwrap();
        it.minimum_version = MinimumVersion::One;
        Ok(())
    }
}

impl ListNotebooks for FakeAws {
    async fn notebook_names(&self, place: &Place, _: Option<String>) -> Answer<Page<NotebookName>> {
        self.call("sagemaker:ListNotebookInstances", Some(place), "")?;
        let state = self.state();
        let here = state.notebooks.keys().filter(|(region, _)| *region == place.region);
        Ok(Page { items: here.map(|(_, name)| name.clone()).collect(), next: None })
    }
}

impl DescribeNotebook for FakeAws {
    async fn notebook(&self, place: &Place, name: &NotebookName) -> Answer<Option<Notebook>> {
        self.call("sagemaker:DescribeNotebookInstance", Some(place), name.as_str())?;
        Ok(self.state().notebooks.get(&(place.region.clone(), name.clone())).cloned())
    }

    async fn notebook_tags(&self, place: &Place, arn: &str) -> Answer<Tags> {
        self.call("sagemaker:ListTags", Some(place), arn)?;
        Ok(Tags::new())
    }
}

impl StopNotebook for FakeAws {
    async fn stop(&self, place: &Place, name: &NotebookName) -> Answer<Option<String>> {
        self.call("sagemaker:StopNotebookInstance", Some(place), name.as_str())?;
        Ok(None)
    }
}

impl UpdateNotebook for FakeAws {
    async fn require_version_2(&self, place: &Place, name: &NotebookName, _: bool) -> Answer<Option<String>> {
        self.call("sagemaker:UpdateNotebookInstance", Some(place), name.as_str())?;
        let mut state = self.state();
        let it = state.notebooks.get_mut(&(place.region.clone(), name.clone())).unwrap();
        it.minimum_version = MinimumVersion::Two;
        Ok(Some("request-2".to_owned()))
    }
}

impl StartNotebook for FakeAws {
    async fn start(&self, place: &Place, name: &NotebookName) -> Answer<Option<String>> {
        self.call("sagemaker:StartNotebookInstance", Some(place), name.as_str())?;
        Ok(None)
    }
}

impl TagNotebook for FakeAws {
    async fn tag_notebook(&self, place: &Place, _: &str, key: &str, value: &str) -> Answer<()> {
        self.call("sagemaker:AddTags", Some(place), format!("{key}={value}"))
    }

    async fn untag_notebook(&self, place: &Place, _: &str, key: &str) -> Answer<()> {
        self.call("sagemaker:DeleteTags", Some(place), key)
    }
}
