//! The sections `parachains[]`, `hrmp[]` and `cores[]` of the snapshot, and what they say where something was not read.

use crate::bed::Bed;
use sereno::runtime::headless;
use sereno::state::Mode;

#[test]
fn the_snapshot_has_paras_channels_and_cores_and_names_what_was_not_read() {
    let bed = Bed::recovery(Mode::Headless);
    let json = serde_json::to_value(headless::snapshot_of(&bed.state)).unwrap();
    let para = |id: u64| {
        let all = json["parachains"].as_array().unwrap();
        all.iter().find(|p| p["para_id"] == id).unwrap_or_else(|| panic!("{id}")).clone()
    };
    assert_eq!(json["parachains"].as_array().unwrap().len(), 10);
    let lost = para(2_043);
    assert_eq!((&lost["health"], &lost["cores"]), (&"degraded".into(), &serde_json::json!([])));
    let queues = serde_json::json!({
        "dmp": 14, "ump": 0, "hrmp_in": 3, "hrmp_out": 26, "dmp_oldest": 12_343_800,
        "ump_overweight_pages": 0, "hrmp_watermark": 12_343_839,
    });
    assert_eq!(lost["queues"], queues);
    assert_eq!(lost["sovereign"]["free"], "2000000000");
    assert_eq!((&lost["locked"], &lost["name"]), (&true.into(), &serde_json::Value::Null));
    assert_eq!(para(2_000)["health"], "unstable");
    let code = para(2_034);
    assert_eq!(code["pending_upgrade"]["from"], 12_345_560);
    assert_eq!(code["pending_upgrade"]["go_ahead"], "go-ahead");
    let hub = para(1_000);
    assert_eq!(
        (&hub["name"], &hub["last_included"]["relay_block"]),
        (&"Asset Hub".into(), &12_345_640.into())
    );
    assert!(
        hub["pending_upgrade"].is_null() && hub["upgrade_restriction"].is_null() && hub["manager"].is_null()
    );
    let blind = para(2_100);
    assert!(
        blind["head_number"].is_null()
            && blind["queues"]["dmp"].is_null()
            && blind["sovereign"]["free"].is_null()
    );
    let unread = &json["unread"];
    for section in ["parachains.2100.head_number", "parachains.2100.queues.dmp", "parachains.2100.sovereign"]
    {
        assert!(unread[section].as_str().unwrap().contains("State already discarded"), "{section}");
    }
    assert!(unread.get("parachains").is_none() && unread.get("cores").is_none());
    let hrmp = json["hrmp"].as_array().unwrap();
    assert_eq!(hrmp.len(), 5);
    let full = hrmp.iter().find(|c| c["sender"] == 2_000).unwrap();
    assert_eq!(
        (&full["open"], &full["msg_count"], &full["max_capacity"]),
        (&true.into(), &30.into(), &30.into())
    );
    let asked = hrmp.iter().find(|c| c["sender"] == 2_051).unwrap();
    assert!(asked["requested"] == true && asked["open"] == false && asked["msg_count"].is_null());
    let cores = json["cores"].as_array().unwrap();
    assert_eq!(cores.len(), 8);
    let core = |n: usize| (&cores[n]["index"], &cores[n]["assignment"], &cores[n]["occupied_by"]);
    assert_eq!(core(0), (&0.into(), &"task 1000".into(), &1_000.into()));
    assert_eq!(core(7), (&7.into(), &"idle".into(), &serde_json::Value::Null));
    assert_eq!(cores[4]["scheduled"], 2_000);
    assert_eq!(cores[4]["ends_at"], (12_345_600 / 80 + 3_000) * 80);
    assert_eq!(
        (&cores[5]["market"]["title"], &cores[5]["market"]["auto_renewal"]),
        (&"bought".into(), &2_034.into())
    );
    assert_eq!(
        cores[7]["next"],
        serde_json::json!({ "begin": 12_346_400, "assignment": "pool 28800/57600, task 2051 28800/57600" })
    );
    let sale = &json["coretime"]["sale"];
    assert_eq!(
        (&sale["phase"], &sale["left"], &sale["end_price"]),
        (&"leadin".into(), &1.into(), &"5000000000000".into())
    );
    assert_eq!(sale["ends_at"], (12_345_600 / 80 + 1_260) * 80 - 10);
    assert_eq!(json["on_demand"]["price"], "1000000000");
    assert_eq!(json["on_demand"]["queue"][0]["para_id"], 2_090);
    assert_eq!(para(2_000)["deposit"], "5000000000000");
}

#[test]
fn where_the_paras_were_not_read_the_sections_are_empty_and_say_why() {
    let bed = Bed::new(Mode::Headless);
    let json = serde_json::to_value(headless::snapshot_of(&bed.state)).unwrap();
    assert!(json["coretime"]["sale"].is_null() && json["unread"]["coretime"].is_string());
    for section in ["parachains", "hrmp", "cores"] {
        assert_eq!(json[section], serde_json::json!([]));
        assert!(json["unread"][section].is_string(), "{}", json["unread"]);
    }
    let json = serde_json::to_value(headless::snapshot_of(&Bed::unread_paras(Mode::Headless).state)).unwrap();
    let why = json["unread"]["parachains.refresh"].as_str().unwrap();
    assert!(why.contains("rate limit") && why.contains("12345640"), "{why}");
    assert_eq!(json["parachains"].as_array().unwrap().len(), 10, "what was read before is still told");
}
